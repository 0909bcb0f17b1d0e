// Proves: places of backups are written as the server reads them.
import { describe, expect, it } from 'vitest';
import { emptyPlace, kindOf, placeAddress, placeProblems } from './place';

describe('places of backups', () => {
  it('writes what was typed as one address', () => {
    const s3 = { ...emptyPlace(), kind: 's3' as const, url: 's3.example.org', user: 'AKIA', secret: 's', bucket: 'office/box one', region: 'eu-central-1' };
    expect(placeAddress(s3)).toBe('s3://AKIA@s3.example.org/office/box%20one?region=eu-central-1');
    expect(placeAddress({ ...s3, url: 'http://nas.local:9000/', region: '' })).toBe('s3+http://AKIA@nas.local:9000/office/box%20one');
    const share = { ...emptyPlace(), kind: 'webdav' as const, url: 'https://cloud.example.org/remote.php/dav/files/anna/Sicherung', user: 'anna@example.org', secret: 's' };
    expect(placeAddress(share)).toBe('webdavs://anna%40example.org@cloud.example.org/remote.php/dav/files/anna/Sicherung');
    expect(placeAddress({ ...emptyPlace(), folder: ' /mnt/usb ' })).toBe('/mnt/usb');
  });
  it('says what is missing', () => {
    expect(placeProblems({ ...emptyPlace(), folder: 'usb' })).toEqual({ folder: 'path' });
    expect(placeProblems({ ...emptyPlace(), kind: 's3', url: 'ftp://x' })).toEqual({ url: 'address', user: 'missing', secret: 'missing', bucket: 'missing' });
  });
  it('knows the kind of a place', () => {
    expect(['/mnt', 's3+http://k@h/b', 'webdavs://u@h/'].map(kindOf)).toEqual(['folder', 's3', 'webdav']);
  });
});
