// Proves: a search reads the same in German and English, nothing typed makes it fail, and what is marked is what was asked for.
import { expect, it } from 'vitest';
import { markedWords, readQuery, serverQuery, wantedFolder, without } from './search';

const said = (text: string) => serverQuery(readQuery(text));
it('reads keys in both languages', () => {
  expect(said('von:anna betreff:"Altes Angebot" mit:anhang')).toBe(said('from:anna subject:"Altes Angebot" has:attachment'));
  expect(said('from:anna subject:"Altes Angebot" has:attachment')).toBe('from:"anna" subject:"Altes Angebot" hasattachment:true');
  expect(said('ist:ungelesen is:flagged')).toBe('isread:false isflagged:true');
  expect(said('vor:1.11.2026 nach:2026-10-01')).toBe('received<2026-11-01 received>=2026-10-01');
  expect(said('datei:plan.pdf')).toBe('attachment:"plan.pdf"');
});
it('takes what is no key as words', () => {
  expect(said('http://x.test 12:30 is:lustig vor:gestern "ganz genau"')).toBe('"http://x.test" "12:30" "lustig" "gestern" "ganz genau"');
  expect(said('from: "offen')).toBe('"from:" "offen"');
  expect(said('  ')).toBe('');
});
it('cannot be talked into another search', () => {
  expect(said('von:"a\\" OR size>0')).toBe('from:"a\\" "OR" "size>0"');
});
it('says where and what to mark', () => {
  const query = readQuery('in:Archiv von:"Anna Berger" rechnung');
  expect(wantedFolder(query)).toBe('Archiv');
  expect(markedWords(query)).toEqual(['rechnung', 'Anna', 'Berger']);
  expect(serverQuery(query)).toBe('from:"Anna Berger" "rechnung"');
  expect(without('in:Archiv von:"Anna Berger" rechnung', query.terms[1]!)).toBe('in:Archiv rechnung');
});
