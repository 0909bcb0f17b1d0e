//! From the words of a filter to its tree, by recursive descent: or, and, not, then a comparison, a call or an `any`.

use super::lexer::{Token, tokens};
use super::tree::{Call, Expr, Literal, Op, Path};
use crate::protocols::graph::error::GraphError;

/// Deeper filters are refused: no program writes them.
const MAX_DEPTH: usize = 32;
/// More words than any program writes.
const MAX_TOKENS: usize = 2_000;

/// Errors: BadRequest that says what was expected where.
pub fn parse(text: &str) -> Result<Expr, GraphError> {
    let tokens = tokens(text)?;
    if tokens.len() > MAX_TOKENS {
        return Err(GraphError::request("the filter is too long"));
    }
    let mut parser = Parser {
        tokens,
        at: 0,
        depth: 0,
        variables: Vec::new(),
    };
    let expr = parser.either()?;
    match parser.peek() {
        None => Ok(expr),
        Some(_) => Err(parser.wrong("»and«, »or« or the end")),
    }
}

struct Parser {
    tokens: Vec<(usize, Token)>,
    at: usize,
    depth: usize,
    /// Of the `any` that are open.
    variables: Vec<String>,
}

/// One side of a comparison.
enum Side {
    Path(Path),
    Literal(Literal),
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|(_, t)| t)
    }

    fn next(&mut self) -> Option<Token> {
        let token = self.peek().cloned();
        self.at += 1;
        token
    }

    fn wrong(&self, wanted: &str) -> GraphError {
        match self.tokens.get(self.at) {
            Some((at, _)) => GraphError::request(format!(
                "the filter cannot be read: {wanted} is expected at character {at}"
            )),
            None => GraphError::request(format!("the filter ends where {wanted} is expected")),
        }
    }

    fn eat_word(&mut self, word: &str) -> bool {
        let is_it = matches!(self.peek(), Some(Token::Word(w)) if w.eq_ignore_ascii_case(word));
        self.at += usize::from(is_it);
        is_it
    }

    fn eat(&mut self, token: &Token) -> bool {
        let is_it = self.peek() == Some(token);
        self.at += usize::from(is_it);
        is_it
    }

    fn expect(&mut self, token: &Token, name: &str) -> Result<(), GraphError> {
        if self.eat(token) {
            Ok(())
        } else {
            Err(self.wrong(name))
        }
    }

    fn either(&mut self) -> Result<Expr, GraphError> {
        let mut all = vec![self.both()?];
        while self.eat_word("or") {
            all.push(self.both()?);
        }
        Ok(one_or(all, Expr::Or))
    }

    fn both(&mut self) -> Result<Expr, GraphError> {
        let mut all = vec![self.unary()?];
        while self.eat_word("and") {
            all.push(self.unary()?);
        }
        Ok(one_or(all, Expr::And))
    }

    fn unary(&mut self) -> Result<Expr, GraphError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(GraphError::request("the filter is nested too deeply"));
        }
        let expr = if self.eat_word("not") {
            Expr::Not(Box::new(self.unary()?))
        } else if self.eat(&Token::Open) {
            let inner = self.either()?;
            self.expect(&Token::Close, "»)«")?;
            inner
        } else {
            self.predicate()?
        };
        self.depth -= 1;
        Ok(expr)
    }

    fn predicate(&mut self) -> Result<Expr, GraphError> {
        if let Some(Token::Word(word)) = self.peek()
            && let Some(call) = Call::from_word(word)
            && matches!(self.tokens.get(self.at + 1), Some((_, Token::Open)))
        {
            self.at += 2;
            return self.call(call);
        }
        let left = match self.side()? {
            Side::Path(path) => path,
            Side::Literal(literal) => return self.flipped(literal),
        };
        if let Some(Expr::Any(..)) = self.any_of(&left)? {
            return self.any(left);
        }
        if self.eat_word("in") {
            return self.list(left);
        }
        let Some(op) = self.operator() else {
            return Ok(Expr::Is(left));
        };
        match self.side()? {
            Side::Literal(literal) => Ok(Expr::Compare(left, op, literal)),
            Side::Path(_) => {
                self.at -= 1;
                Err(self.wrong("a value (texts stand in single quotes)"))
            }
        }
    }

    /// `'x' eq subject`
    fn flipped(&mut self, literal: Literal) -> Result<Expr, GraphError> {
        let op = self.operator().ok_or_else(|| self.wrong("an operator"))?;
        match self.side()? {
            Side::Path(path) => Ok(Expr::Compare(path, op.flipped(), literal)),
            Side::Literal(_) => {
                self.at -= 1;
                Err(self.wrong("the name of a property"))
            }
        }
    }

    fn operator(&mut self) -> Option<Op> {
        let Some(Token::Word(word)) = self.peek() else {
            return None;
        };
        let op = Op::from_word(word)?;
        self.at += 1;
        Some(op)
    }

    fn call(&mut self, call: Call) -> Result<Expr, GraphError> {
        let Side::Path(path) = self.side()? else {
            self.at -= 1;
            return Err(self.wrong("the name of a property"));
        };
        self.expect(&Token::Comma, "»,«")?;
        let text = match self.next() {
            Some(Token::Text(text)) => text,
            _ => {
                self.at -= 1;
                return Err(self.wrong("a text in single quotes"));
            }
        };
        self.expect(&Token::Close, "»)«")?;
        let expr = Expr::Call(call, path, text);
        // `contains(...) eq true`
        match self.operator() {
            None => Ok(expr),
            Some(op @ (Op::Eq | Op::Ne)) => match self.side()? {
                Side::Literal(Literal::Bool(wanted)) if wanted == (op == Op::Eq) => Ok(expr),
                Side::Literal(Literal::Bool(_)) => Ok(Expr::Not(Box::new(expr))),
                _ => {
                    self.at -= 1;
                    Err(self.wrong("true or false"))
                }
            },
            Some(_) => {
                self.at -= 1;
                Err(self.wrong("»eq« or »ne«"))
            }
        }
    }

    /// Whether the path that was just read ends in `/any` and a parenthesis is next.
    fn any_of(&self, path: &Path) -> Result<Option<Expr>, GraphError> {
        let last = path.0.last().map(|l| l.to_ascii_lowercase());
        let is_open = self.peek() == Some(&Token::Open);
        match last.as_deref() {
            Some("any") if is_open => Ok(Some(Expr::Any(path.clone(), None))),
            Some("all") if is_open => Err(GraphError::request("»all« is not supported in filters, »any« is")),
            _ if is_open => {
                Err(self.wrong("an operator; functions that are known: contains, startswith, endswith"))
            }
            _ => Ok(None),
        }
    }

    fn any(&mut self, mut path: Path) -> Result<Expr, GraphError> {
        path.0.pop();
        self.expect(&Token::Open, "»(«")?;
        if self.eat(&Token::Close) {
            return Ok(Expr::Any(path, None));
        }
        let Some((at, Token::Word(word))) = self.tokens.get(self.at).cloned() else {
            return Err(self.wrong("a variable and a colon"));
        };
        let Some((variable, rest)) = word.split_once(':') else {
            return Err(self.wrong("a variable and a colon"));
        };
        self.variables.push(variable.to_owned());
        if rest.is_empty() {
            self.at += 1;
        } else {
            self.tokens[self.at] = (at + variable.len() + 1, Token::Word(rest.to_owned()));
        }
        let inner = self.either()?;
        self.variables.pop();
        self.expect(&Token::Close, "»)«")?;
        Ok(Expr::Any(path, Some(Box::new(inner))))
    }

    fn list(&mut self, path: Path) -> Result<Expr, GraphError> {
        self.expect(&Token::Open, "»(«")?;
        let mut all = Vec::new();
        loop {
            let Side::Literal(literal) = self.side()? else {
                self.at -= 1;
                return Err(self.wrong("a value"));
            };
            all.push(literal);
            if self.eat(&Token::Close) {
                return Ok(Expr::In(path, all));
            }
            self.expect(&Token::Comma, "»,« or »)«")?;
        }
    }

    fn side(&mut self) -> Result<Side, GraphError> {
        match self.next() {
            Some(Token::Text(text)) => Ok(Side::Literal(Literal::Text(text))),
            Some(Token::Word(word)) => self.word(&word),
            _ => {
                self.at -= 1;
                Err(self.wrong("a property or a value"))
            }
        }
    }

    fn word(&mut self, word: &str) -> Result<Side, GraphError> {
        match word.to_ascii_lowercase().as_str() {
            "true" => return Ok(Side::Literal(Literal::Bool(true))),
            "false" => return Ok(Side::Literal(Literal::Bool(false))),
            "null" => return Ok(Side::Literal(Literal::Null)),
            // Texts are compared in any case, so these change nothing.
            "tolower" | "toupper" | "trim" if self.eat(&Token::Open) => {
                let inner = self.side()?;
                self.expect(&Token::Close, "»)«")?;
                return Ok(inner);
            }
            _ => {}
        }
        // An enum with its type before it: microsoft.graph.importance'high'.
        if let Some(Token::Text(text)) = self.peek() {
            let text = text.clone();
            self.at += 1;
            return Ok(Side::Literal(Literal::Text(text)));
        }
        let first = word.chars().next().unwrap_or(' ');
        if first.is_ascii_digit() || matches!(first, '-' | '+') {
            return Ok(Side::Literal(Literal::Word(word.to_owned())));
        }
        let mut steps: Vec<String> = word.split('/').map(str::to_owned).collect();
        if self.variables.last().is_some_and(|v| *v == steps[0]) {
            steps.remove(0);
        }
        if steps.iter().any(String::is_empty) {
            self.at -= 1;
            return Err(self.wrong("the name of a property"));
        }
        Ok(Side::Path(Path(steps)))
    }
}

fn one_or(mut all: Vec<Expr>, make: fn(Vec<Expr>) -> Expr) -> Expr {
    match all.pop() {
        Some(only) if all.is_empty() => only,
        last => {
            all.extend(last);
            make(all)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Path {
        Path(
            text.split('/')
                .filter(|s| !s.is_empty())
                .map(str::to_owned)
                .collect(),
        )
    }

    fn eq(name: &str, value: Literal) -> Expr {
        Expr::Compare(path(name), Op::Eq, value)
    }

    #[test]
    fn filters_of_real_programs_are_read() {
        let text = |t: &str| Literal::Text(t.into());
        let unread = eq("isRead", Literal::Bool(false));
        for (filter, want) in [
            ("isRead eq false", unread.clone()),
            ("false EQ isRead", unread.clone()),
            (
                "(isRead eq false AND parentFolderId eq 'inbox')",
                Expr::And(vec![unread.clone(), eq("parentFolderId", text("inbox"))]),
            ),
            ("subject eq 'it''s'", eq("subject", text("it's"))),
            ("tolower(subject) eq 'x'", eq("subject", text("x"))),
            (
                "importance eq microsoft.graph.importance'high'",
                eq("importance", text("high")),
            ),
            (
                "not(contains(subject,'a b')) or hasAttachments",
                Expr::Or(vec![
                    Expr::Not(Box::new(Expr::Call(
                        Call::Contains,
                        path("subject"),
                        "a b".into(),
                    ))),
                    Expr::Is(path("hasAttachments")),
                ]),
            ),
            (
                "categories/any(c:c eq 'x')",
                Expr::Any(path("categories"), Some(Box::new(eq("", text("x"))))),
            ),
            (
                "singleValueExtendedProperties/Any(ep: ep/id eq 'a' and contains(ep/value,'b'))",
                Expr::Any(
                    path("singleValueExtendedProperties"),
                    Some(Box::new(Expr::And(vec![
                        eq("id", text("a")),
                        Expr::Call(Call::Contains, path("value"), "b".into()),
                    ]))),
                ),
            ),
            (
                "receivedDateTime ge 2017-04-01T10:00:00+02:00",
                Expr::Compare(
                    path("receivedDateTime"),
                    Op::Ge,
                    Literal::Word("2017-04-01T10:00:00+02:00".into()),
                ),
            ),
            (
                "id in ('a', 'b')",
                Expr::In(path("id"), vec![text("a"), text("b")]),
            ),
            (
                "a eq 1 and b eq 2 or c",
                Expr::Or(vec![
                    Expr::And(vec![
                        eq("a", Literal::Word("1".into())),
                        eq("b", Literal::Word("2".into())),
                    ]),
                    Expr::Is(path("c")),
                ]),
            ),
        ] {
            assert_eq!(parse(filter).unwrap(), want, "{filter}");
        }
    }

    #[test]
    fn what_is_no_filter_is_refused() {
        for bad in [
            "",
            "(",
            "isRead eq",
            "isRead eq false and",
            "a b",
            "a eq b",
            "'x'",
            "contains(a)",
            "a eq 'x",
            "foo(a) eq 1",
            "a/all(x:x eq 1)",
            "a/any(x eq 1)",
            "a in ()",
            ")",
            "a//b eq 1",
            "not",
            &"(".repeat(5_000),
            &format!("{}a", "not ".repeat(100)),
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
