"""MSAL, Microsoft's Graph SDK and O365, as released, against a server of ours. Each says what it does and stops at the first surprise."""
import asyncio
import html
import io
import json
import os
import re
import threading
import time
import urllib.parse

BASE, CA, WORK = os.environ["BASE"], os.environ["CA"], os.environ["WORK"]
os.environ["REQUESTS_CA_BUNDLE"] = os.environ["SSL_CERT_FILE"] = CA
SECRET = json.load(open(f"{WORK}/secret.json"))["secret"]
DEFAULT = ["https://graph.microsoft.com/.default"]
ANNA = "anna@example.test"

import msal
import record  # noqa: F401  before the libraries make their sessions
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes


def told(what, *values):
    print(f"ok  {what}", *values)


def msal_signs_in():
    by_secret = msal.ConfidentialClientApplication(
        "secret", client_credential=SECRET, authority=f"{BASE}/common", instance_discovery=False)
    token = by_secret.acquire_token_for_client(DEFAULT)
    assert "access_token" in token, token
    told("MSAL: client secret")
    key, cert = open(f"{WORK}/key.pem").read(), open(f"{WORK}/cert.pem").read()
    thumbprint = x509.load_pem_x509_certificate(cert.encode()).fingerprint(hashes.SHA1()).hex()
    by_certificate = msal.ConfidentialClientApplication(
        "certificate", authority=f"{BASE}/common", instance_discovery=False,
        client_credential={"private_key": key, "thumbprint": thumbprint, "public_certificate": cert})
    answer = by_certificate.acquire_token_for_client(DEFAULT)
    assert "access_token" in answer, answer
    told("MSAL: certificate")
    device = msal.PublicClientApplication("device", authority=f"{BASE}/common", instance_discovery=False)
    flow = device.initiate_device_flow(["Mail.ReadWrite"])

    def approve():
        browser, page = requests.Session(), flow["verification_uri"]
        browser.verify = CA
        form = {"user_code": flow["user_code"]}
        shown = browser.get(page)
        for more in ({}, {"username": ANNA, "password": "geheim-geheim"}):
            form |= more
            form["form_token"] = re.search('name="form_token" value="([^"]+)"', shown.text).group(1)
            shown = browser.post(page, data=form)
        # Who has signed in is asked whether the device may do what it wants.
        assert "read, change and delete your mail" in shown.text, shown.text
        form = {"user_code": flow["user_code"], "agree": "yes"}
        for name in ("form_token", "ticket"):
            form[name] = re.search(f'name="{name}" value="([^"]+)"', shown.text).group(1)
        shown = browser.post(page, data=form)
        assert shown.status_code == 200 and "ticket" not in shown.text, shown.text

    person = threading.Thread(target=approve)
    person.start()
    answer = device.acquire_token_by_device_flow(flow)
    person.join()
    assert "access_token" in answer and len(device.get_accounts()) == 1, answer
    assert device.acquire_token_silent(["Mail.ReadWrite"], device.get_accounts()[0], force_refresh=True)
    told("MSAL: device code, and silently again")
    desktop = msal.PublicClientApplication("device", authority=f"{BASE}/common", instance_discovery=False)
    flow = desktop.initiate_auth_code_flow(["Mail.ReadWrite"], redirect_uri="http://localhost:4711")
    browser, form = requests.Session(), {"username": ANNA, "password": "geheim-geheim"}
    browser.verify = CA
    shown = browser.get(flow["auth_uri"])
    for more in (form, {"agree": "yes"}):
        hidden = re.findall('<input type="hidden" name="([^"]+)" value="([^"]*)">', shown.text)
        fields = {name: html.unescape(value) for name, value in hidden} | more
        shown = browser.post(flow["auth_uri"].split("?")[0], data=fields, allow_redirects=False)
        # Who has agreed once is not asked again.
        if "location" in shown.headers:
            break
    back = urllib.parse.urlsplit(shown.headers["location"])
    answer = desktop.acquire_token_by_auth_code_flow(flow, dict(urllib.parse.parse_qsl(back.query)))
    assert answer.get("id_token_claims", {}).get("preferred_username") == ANNA, answer
    mine = requests.get(f"{BASE}/v1.0/me", headers={"Authorization": f"Bearer {answer['access_token']}"}, verify=CA)
    assert mine.json()["mail"] == ANNA
    told("MSAL: a person by code and PKCE")


async def microsofts_sdk():
    from azure.identity.aio import ClientSecretCredential
    from kiota_abstractions.base_request_configuration import RequestConfiguration
    from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
    from msgraph import GraphRequestAdapter, GraphServiceClient
    from msgraph.generated.models.attachment import Attachment
    from msgraph.generated.models.attachment_item import AttachmentItem
    from msgraph.generated.models.attachment_type import AttachmentType
    from msgraph.generated.models.body_type import BodyType
    from msgraph.generated.models.file_attachment import FileAttachment
    from msgraph.generated.models.item_body import ItemBody
    from msgraph.generated.models.message import Message
    from msgraph.generated.users.item.messages.item.attachments.create_upload_session.create_upload_session_post_request_body import CreateUploadSessionPostRequestBody
    from msgraph.generated.users.item.messages.messages_request_builder import MessagesRequestBuilder
    from msgraph_core.tasks.large_file_upload import LargeFileUploadTask
    from msgraph_core.tasks.page_iterator import PageIterator

    credential = ClientSecretCredential(
        "example.test", "secret", SECRET, authority=BASE, disable_instance_discovery=True)
    host = BASE.split("//")[1]
    provider = AzureIdentityAuthenticationProvider(
        credential, scopes=DEFAULT, allowed_hosts=[host, host.split(":")[0]])
    adapter = GraphRequestAdapter(provider)
    adapter.base_url = f"{BASE}/v1.0"
    graph = GraphServiceClient(request_adapter=adapter)
    anna = graph.users.by_user_id(ANNA)
    made = await anna.messages.post(Message(subject="sdk", body=ItemBody(content_type=BodyType.Html, content="<b>x</b>")))
    draft = anna.messages.by_message_id(made.id)
    await draft.attachments.post(FileAttachment(
        odata_type="#microsoft.graph.fileAttachment", name="a.txt", content_bytes=b"hallo"))
    assert (await draft.patch(Message(subject="changed"))).subject == "changed"
    told("SDK: draft, attachment, change")
    content = os.urandom(4_000_000)
    session = await draft.attachments.create_upload_session.post(CreateUploadSessionPostRequestBody(
        attachment_item=AttachmentItem(attachment_type=AttachmentType.File, name="big.bin", size=len(content))))
    await LargeFileUploadTask(session, adapter, io.BytesIO(content), Attachment, 1_000_000).upload()
    files = [(a.name, a.size) for a in (await draft.attachments.get()).value]
    assert files == [("a.txt", 5), ("big.bin", 4_000_000)], files
    told("SDK: upload in ranges")
    query = MessagesRequestBuilder.MessagesRequestBuilderGetQueryParameters(
        filter="contains(subject,'chang') and isDraft eq true", select=["subject"], expand=["attachments"], top=5)
    found = (await anna.messages.get(RequestConfiguration(query_parameters=query))).value
    assert [(m.subject, len(m.attachments)) for m in found] == [("changed", 2)]
    told("SDK: filter, select, expand")
    for number in range(5):
        await anna.messages.post(Message(subject=f"page {number}"))
    query = MessagesRequestBuilder.MessagesRequestBuilderGetQueryParameters(select=["subject"], top=2)
    seen = []
    pages = PageIterator(await anna.messages.get(RequestConfiguration(query_parameters=query)), adapter)
    await pages.iterate(lambda message: seen.append(message.subject) or True)
    assert len(seen) == 6 and "page 0" in seen, seen
    told("SDK: list with paging")
    folders = await anna.mail_folders.delta.get()
    messages = await anna.mail_folders.by_mail_folder_id("drafts").messages.delta.get()
    assert folders.odata_delta_link and messages.odata_delta_link and len(messages.value) == 6
    await draft.delete()
    later = anna.mail_folders.by_mail_folder_id("drafts").messages.delta.with_url(messages.odata_delta_link)
    gone = (await later.get()).value
    assert [m.id for m in gone] == [made.id] and "@removed" in gone[0].additional_data, gone
    told("SDK: delta of folders and messages, delete")
    assert [u.mail for u in (await graph.users.get()).value] == [ANNA]
    settings = await anna.mailbox_settings.get()
    assert settings.time_zone == "UTC" and len(settings.working_hours.days_of_week) == 5
    assert (await anna.outlook.master_categories.get()).value == []
    told("SDK: users, settings, categories")
    await calendars_by_sdk(anna)
    await contacts_and_tasks_by_sdk(anna)
    await batch_by_sdk(graph)
    await subscription_by_sdk(graph, anna)
    await credential.close()


async def calendars_by_sdk(anna):
    from kiota_abstractions.base_request_configuration import RequestConfiguration
    from msgraph.generated.models.date_time_time_zone import DateTimeTimeZone
    from msgraph.generated.models.day_of_week import DayOfWeek
    from msgraph.generated.models.event import Event
    from msgraph.generated.models.patterned_recurrence import PatternedRecurrence
    from msgraph.generated.models.recurrence_pattern import RecurrencePattern
    from msgraph.generated.models.recurrence_pattern_type import RecurrencePatternType
    from msgraph.generated.models.recurrence_range import RecurrenceRange
    from msgraph.generated.models.recurrence_range_type import RecurrenceRangeType
    from msgraph.generated.users.item.calendar.get_schedule.get_schedule_post_request_body import GetSchedulePostRequestBody
    from msgraph.generated.users.item.calendar_view.calendar_view_request_builder import CalendarViewRequestBuilder
    import datetime

    def at(text):
        return DateTimeTimeZone(date_time=text, time_zone="W. Europe Standard Time")

    series = await anna.events.post(Event(
        subject="series", start=at("2026-11-23T09:00:00"), end=at("2026-11-23T10:00:00"),
        recurrence=PatternedRecurrence(
            pattern=RecurrencePattern(type=RecurrencePatternType.Weekly, interval=1, days_of_week=[DayOfWeek.Monday]),
            range=RecurrenceRange(type=RecurrenceRangeType.Numbered, start_date=datetime.date(2026, 11, 23), number_of_occurrences=3))))
    query = CalendarViewRequestBuilder.CalendarViewRequestBuilderGetQueryParameters(
        start_date_time="2026-11-01T00:00:00Z", end_date_time="2026-12-31T00:00:00Z", orderby=["start/dateTime"])

    async def view():
        seen = (await anna.calendar_view.get(RequestConfiguration(query_parameters=query))).value
        return [(e.start.date_time[:16], e.subject) for e in seen], seen

    times, seen = await view()
    assert [t for t, _ in times] == ["2026-11-23T08:00", "2026-11-30T08:00", "2026-12-07T08:00"], times
    changed = await anna.events.by_event_id(seen[1].id).patch(Event(subject="one"))
    assert changed.type.value == "exception" and changed.series_master_id == series.id
    await anna.events.by_event_id(seen[2].id).delete()
    assert (await view())[0] == [("2026-11-23T08:00", "series"), ("2026-11-30T08:00", "one")]
    told("SDK: recurring event, one of it changed, one removed, calendar view")
    busy = await anna.calendar.get_schedule.post(GetSchedulePostRequestBody(
        schedules=[ANNA], start_time=at("2026-11-23T09:00:00"), end_time=at("2026-11-23T10:00:00"), availability_view_interval=30))
    assert busy.value[0].availability_view == "22", busy.value[0].availability_view
    assert (await anna.calendars.get()).value[0].is_default_calendar
    await anna.events.by_event_id(series.id).delete()
    told("SDK: schedule, calendars, delete")


async def contacts_and_tasks_by_sdk(anna):
    from msgraph.generated.models.checklist_item import ChecklistItem
    from msgraph.generated.models.contact import Contact
    from msgraph.generated.models.email_address import EmailAddress
    from msgraph.generated.models.task_status import TaskStatus
    from msgraph.generated.models.todo_task import TodoTask

    made = await anna.contacts.post(Contact(given_name="S", surname="DK", email_addresses=[EmailAddress(address="s@other.test")]))
    changed = await anna.contacts.by_contact_id(made.id).patch(Contact(job_title="x"))
    assert (changed.display_name, changed.job_title) == ("S DK", "x")
    assert (await anna.contacts.delta.get()).odata_delta_link
    await anna.contacts.by_contact_id(made.id).delete()
    told("SDK: contacts")
    lists = (await anna.todo.lists.get()).value
    tasks = anna.todo.lists.by_todo_task_list_id(lists[0].id).tasks
    task = await tasks.post(TodoTask(title="t"))
    await tasks.by_todo_task_id(task.id).checklist_items.post(ChecklistItem(display_name="step"))
    done = await tasks.by_todo_task_id(task.id).patch(TodoTask(status=TaskStatus.Completed))
    assert done.completed_date_time
    await tasks.by_todo_task_id(task.id).delete()
    told("SDK: tasks")


async def batch_by_sdk(graph):
    from msgraph_core.requests.batch_request_builder import BatchRequestBuilder
    from msgraph_core.requests.batch_request_content import BatchRequestContent
    from msgraph_core.requests.batch_request_item import BatchRequestItem

    asked = [graph.users.by_user_id(ANNA).events.to_get_request_information(),
             graph.users.by_user_id(ANNA).contacts.to_get_request_information()]
    items = [BatchRequestItem(request_information=one) for one in asked]
    content = BatchRequestContent({item.id: item for item in items})
    answer = await BatchRequestBuilder(graph.request_adapter).post(content)
    assert sorted(r.status for r in answer.responses.values()) == [200, 200]
    told("SDK: batch")


async def subscription_by_sdk(graph, anna):
    from msgraph.generated.models.message import Message
    from msgraph.generated.models.subscription import Subscription
    import datetime
    import http.server
    import ssl

    notices = []

    class Receiver(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            token = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query).get("validationToken")
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            if not token:
                notices.extend(json.loads(body)["value"])
            self.send_response(200 if token else 202)
            self.send_header("Content-Type", "text/plain")
            self.end_headers()
            self.wfile.write(token[0].encode() if token else b"")

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(f"{WORK}/hook-cert.pem", f"{WORK}/hook-key.pem")
    server.socket = tls.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    until = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
    made = await graph.subscriptions.post(Subscription(
        change_type="created", notification_url=f"https://localhost:{server.server_port}/", client_state="s",
        resource=f"users/{ANNA}/messages", expiration_date_time=until))
    message = await anna.messages.post(Message(subject="told"))
    for _ in range(100):
        if notices:
            break
        await asyncio.sleep(0.1)
    assert notices[0]["resourceData"]["id"] == message.id and notices[0]["clientState"] == "s", notices
    later = await graph.subscriptions.by_subscription_id(made.id).patch(
        Subscription(expiration_date_time=until + datetime.timedelta(hours=1)))
    assert later.expiration_date_time > made.expiration_date_time
    await graph.subscriptions.by_subscription_id(made.id).delete()
    server.shutdown()
    told("SDK: subscription, called, renewed, deleted")


def o365():
    from O365 import Account, MSGraphProtocol
    from O365.utils.token import MemoryTokenBackend

    class Protocol(MSGraphProtocol):
        _protocol_url = f"{BASE}/"
        _oauth_scope_prefix = f"{BASE}/"

    account = Account(
        ("secret", SECRET), auth_flow_type="credentials", tenant_id="example.test", protocol=Protocol(),
        main_resource=f"users/{ANNA}", token_backend=MemoryTokenBackend())
    connection = account.connection
    connection._msal_authority = f"{BASE}/common"
    connection._msal_client = msal.ConfidentialClientApplication(
        "secret", client_credential=SECRET, authority=f"{BASE}/common", instance_discovery=False,
        token_cache=connection.token_backend)
    assert account.authenticate(scopes=DEFAULT)
    mailbox = account.mailbox()
    new = mailbox.new_message()
    new.subject, new.body = "o365", "hello"
    new.to.add(ANNA)
    open(f"{WORK}/file.bin", "wb").write(os.urandom(5_000_000))
    new.attachments.add(f"{WORK}/file.bin")
    assert new.save_draft()
    told("O365: draft with a file of 5 MB")
    query = mailbox.new_query().equals("subject", "o365")
    found = list(mailbox.drafts_folder().get_messages(limit=5, query=query, download_attachments=True))
    assert [a.name for a in found[0].attachments] == ["file.bin"]
    found[0].add_category("Rot")
    assert found[0].save_message() and found[0].copy("Archive") and len(found[0].get_mime_content()) > 5_000_000
    assert found[0].delete()
    told("O365: query, category, copy, source, delete")
    assert len(list(mailbox.get_messages(limit=60, query=mailbox.new_query().search("o365")))) == 2
    told("O365: search")
    calendar = account.schedule().get_default_calendar()
    import datetime
    from zoneinfo import ZoneInfo
    berlin = ZoneInfo("Europe/Berlin")
    event = calendar.new_event()
    event.subject, event.location = "o365 event", "Raum"
    event.start, event.end = (datetime.datetime(2026, 11, 24, hour, tzinfo=berlin) for hour in (9, 10))
    event.recurrence.set_daily(1, start=datetime.date(2026, 11, 24), occurrences=3)
    assert event.save()
    window = {"start_recurring": datetime.datetime(2026, 11, 1, tzinfo=berlin), "end_recurring": datetime.datetime(2026, 12, 1, tzinfo=berlin)}
    seen = list(calendar.get_events(limit=10, include_recurring=True, **window))
    assert [e.start.astimezone(berlin).hour for e in seen] == [9, 9, 9], seen
    seen[1].subject = "other"
    assert seen[1].save() and event.delete()
    told("O365: recurring event, calendar view, one changed")
    contact = account.address_book().new_contact()
    contact.name, contact.surname = "O", "365"
    contact.emails.add("o@other.test")
    assert contact.save() and [c.full_name for c in account.address_book().get_contacts()] == ["O 365"]
    todo = account.tasks()
    task = todo.get_default_folder().new_task("o365 task")
    assert task.save() and [t.subject for t in todo.get_tasks()] == ["o365 task"] and task.delete()
    told("O365: contacts, tasks")


msal_signs_in()
asyncio.run(microsofts_sdk())
o365()
