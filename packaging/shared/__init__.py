"""What the packers share: the release that is packed, and archives that come out the same each time."""
