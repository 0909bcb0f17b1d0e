"""Evolution Data Server, the library and services behind GNOME's calendar, contacts and Evolution, without a screen: finds what
an address and a password give, lists, makes, changes and removes. Arguments: port, the server's folder tls, password."""

import os
import sys

import gi

for name, version in [("EDataServer", "1.2"), ("ECal", "2.0"), ("ICalGLib", "3.0"), ("EBook", "1.2"), ("EBookContacts", "1.2")]:
    gi.require_version(name, version)
from gi.repository import EBook, EBookContacts, ECal, EDataServer, Gio, GLib, ICalGLib

PORT, TLS, PASSWORD = sys.argv[1:4]
USER = "anna@example.test"
SUPPORTS = EDataServer.WebDAVDiscoverSupports

credentials = EDataServer.NamedParameters()
credentials.set("username", USER)
credentials.set("password", PASSWORD)
registry = EDataServer.SourceRegistry.new_sync(None)
certificate = Gio.TlsCertificate.new_from_file(os.path.join(TLS, "own.pem"))


def describe(source, path):
    auth = source.get_extension("Authentication")
    auth.set_host("localhost")
    auth.set_port(int(PORT))
    auth.set_user(USER)
    auth.set_method("plain/password")
    source.get_extension("Security").set_method("tls")
    web = source.get_extension("WebDAV Backend")
    # What a person answers once when the certificate is the office's own.
    web.update_ssl_trust("localhost", certificate, EDataServer.TrustPromptResponse.ACCEPT)
    web.set_resource_path(path)
    return source


def discover(kind):
    """From nothing but the host: names with their paths, and the person's addresses."""
    source = describe(EDataServer.Source.new(None, None), "/")
    _, _, _, found, addresses = EDataServer.webdav_discover_sources_sync(
        source, f"https://localhost:{PORT}/", kind, credentials, None
    )
    return {one.display_name: one.href.split(f":{PORT}", 1)[1] for one in found}, addresses


def connect(uid, parent, extension, backend, path, start, finish):
    source = describe(EDataServer.Source.new_with_uid(uid, None), path)
    source.set_parent(parent)
    source.set_display_name(uid)
    source.get_extension(extension).set_backend_name(backend)
    registry.commit_source_sync(source, None)
    source = registry.ref_source(uid)
    source.connect("credentials-required", lambda s, *_: s.invoke_authenticate_sync(credentials, None))
    loop, out = GLib.MainLoop(), []

    def done(_, result):
        try:
            out.append(finish(result))
        finally:
            loop.quit()

    start(source, done)
    GLib.timeout_add_seconds(30, loop.quit)
    loop.run()
    assert out, f"{uid} did not open"
    return out[0]


def calendar(uid, extension, kind, path):
    start = lambda source, done: ECal.Client.connect(source, kind, 10, None, done)
    return connect(uid, "caldav-stub", extension, "caldav", path, start, ECal.Client.connect_finish)


def listed(client, query="#t"):
    client.refresh_sync(None)
    return {one.get_uid(): one for one in client.get_object_list_sync(query, None)[1]}


def component(text):
    return ICalGLib.Component.new_from_string(text)


def events():
    found, addresses = discover(SUPPORTS.EVENTS)
    assert addresses == [USER], addresses
    client = calendar("own-calendar", "Calendar", ECal.ClientSourceType.EVENTS, found["Calendar"])
    assert not client.is_readonly()
    assert listed(client)["there"].get_summary() == "There before"
    made = component(
        "BEGIN:VEVENT\r\nUID:made\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20300107T090000Z\r\nDTEND:20300107T100000Z\r\n"
        "RRULE:FREQ=DAILY;COUNT=3\r\nSUMMARY:Made by Evolution\r\nORGANIZER:mailto:anna@example.test\r\n"
        "ATTENDEE;RSVP=TRUE:mailto:ben@example.test\r\nEND:VEVENT\r\n"
    )
    client.create_object_sync(made, ECal.OperationFlags.NONE, None)
    # A month's window, with each occurrence.
    seen = []
    client.generate_instances_sync(1893456000, 1896134400, None, lambda c, start, *_: seen.append(c.get_summary()) or True)
    assert sorted(seen) == ["Made by Evolution"] * 3 + ["There before"], seen
    # One of the series gets another name.
    whole = listed(client)["made"]
    single = whole.clone()
    single.set_summary("Only this one")
    single.set_recurrenceid(ICalGLib.Time.new_from_string("20300108T090000Z"))
    single.set_dtstart(ICalGLib.Time.new_from_string("20300108T110000Z"))
    single.set_dtend(ICalGLib.Time.new_from_string("20300108T120000Z"))
    single.remove_property(single.get_first_property(ICalGLib.PropertyKind.RRULE_PROPERTY))
    client.modify_object_sync(single, ECal.ObjModType.THIS, ECal.OperationFlags.NONE, None)
    there = listed(client)["there"].clone()
    there.set_summary("Changed by Evolution")
    client.modify_object_sync(there, ECal.ObjModType.ALL, ECal.OperationFlags.NONE, None)
    client.create_object_sync(
        component("BEGIN:VEVENT\r\nUID:brief\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20300107T090000Z\r\nSUMMARY:Brief\r\nEND:VEVENT\r\n"),
        ECal.OperationFlags.NONE,
        None,
    )
    client.remove_object_sync("brief", None, ECal.ObjModType.ALL, ECal.OperationFlags.NONE, None)
    assert sorted(listed(client)) == ["made", "there"]
    # When ben is busy, from the server.
    _, busy = client.get_free_busy_sync(1893456000, 1896134400, ["ben@example.test"], None)
    assert busy is not None


def tasks():
    found, _ = discover(SUPPORTS.TASKS)
    client = calendar("own-tasks", "Task List", ECal.ClientSourceType.TASKS, found["Tasks"])
    client.create_object_sync(
        component("BEGIN:VTODO\r\nUID:task\r\nDTSTAMP:20260101T000000Z\r\nSUMMARY:Buy paper\r\nDUE;VALUE=DATE:20300110\r\nEND:VTODO\r\n"),
        ECal.OperationFlags.NONE,
        None,
    )
    task = listed(client)["task"].clone()
    task.set_status(ICalGLib.PropertyStatus.COMPLETED)
    client.modify_object_sync(task, ECal.ObjModType.ALL, ECal.OperationFlags.NONE, None)


def contacts():
    found, _ = discover(SUPPORTS.CONTACTS)
    start = lambda source, done: EBook.BookClient.connect(source, 10, None, done)
    client = connect("own-book", "carddav-stub", "Address Book", "carddav", found["Contacts"], start, EBook.BookClient.connect_finish)
    card = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:zoe\r\nFN:Zoë Müller\r\nN:Müller;Zoë;;;\r\nEMAIL:zoe@other.test\r\nEND:VCARD\r\n"
    _, uid = client.add_contact_sync(EBookContacts.Contact.new_from_vcard(card), EBookContacts.BookOperationFlags.NONE, None)
    client.refresh_sync(None)
    query = EBookContacts.BookQuery.field_test(EBookContacts.ContactField.FULL_NAME, EBookContacts.BookQueryTest.CONTAINS, "ller")
    _, all = client.get_contacts_sync(query.to_string(), None)
    assert [one.get_property("full-name") for one in all] == ["Zoë Müller"], all
    contact = all[0]
    contact.set_property("note", "Changed by Evolution")
    client.modify_contact_sync(contact, EBookContacts.BookOperationFlags.NONE, None)


events()
tasks()
contacts()
print("done")
