-- Calendars that are read from an address elsewhere; nothing else is written into them.
CREATE TABLE feed (
  folder_id INTEGER PRIMARY KEY,
  url       TEXT NOT NULL
) STRICT;
