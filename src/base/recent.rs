//! What was looked at lately, in bounded memory: two generations, of which the older goes as a whole when the younger is
//! full. What is looked at again moves into the younger.

use std::collections::HashMap;
use std::hash::Hash;

pub struct Recent<K, V> {
    /// So many of one generation; there are two.
    most: usize,
    young: HashMap<K, V>,
    old: HashMap<K, V>,
}

impl<K: Eq + Hash + Clone, V: Clone> Recent<K, V> {
    pub fn new(most: usize) -> Recent<K, V> {
        Recent {
            most,
            young: HashMap::new(),
            old: HashMap::new(),
        }
    }

    pub fn find(&mut self, key: &K) -> Option<V> {
        if let Some(found) = self.young.get(key) {
            return Some(found.clone());
        }
        let found = self.old.remove(key)?;
        self.keep(key.clone(), found.clone());
        Some(found)
    }

    pub fn keep(&mut self, key: K, value: V) {
        if self.young.len() >= self.most {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_looked_at_stays_and_the_rest_goes() {
        const MOST: usize = 100;
        let mut recent = Recent::new(MOST);
        for i in 0..5 * MOST {
            recent.keep(i, i);
            assert!(recent.find(&0).is_some(), "{i}: it is looked at all the time");
            assert!(recent.young.len() + recent.old.len() <= 2 * MOST + 1);
        }
        assert_eq!(recent.find(&1), None);
        assert_eq!(recent.find(&(5 * MOST - 1)), Some(5 * MOST - 1));
    }
}
