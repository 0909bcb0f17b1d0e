"""MSAL, Microsoft's Graph SDK and O365, as released, against a server of ours. Each says what it does and stops at the first surprise."""
import asyncio
import io
import json
import os
import re
import threading
import time

BASE, CA, WORK = os.environ["BASE"], os.environ["CA"], os.environ["WORK"]
os.environ["REQUESTS_CA_BUNDLE"] = os.environ["SSL_CERT_FILE"] = CA
SECRET = json.load(open(f"{WORK}/secret.json"))["secret"]
DEFAULT = ["https://graph.microsoft.com/.default"]
ANNA = "anna@example.test"

import msal
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
        assert shown.status_code == 200, shown.text

    person = threading.Thread(target=approve)
    person.start()
    answer = device.acquire_token_by_device_flow(flow)
    person.join()
    assert "access_token" in answer and len(device.get_accounts()) == 1, answer
    assert device.acquire_token_silent(["Mail.ReadWrite"], device.get_accounts()[0], force_refresh=True)
    told("MSAL: device code, and silently again")
    return token["access_token"]


async def microsofts_sdk(token):
    from azure.core.credentials import AccessToken
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

    class Credential:
        def get_token(self, *_, **__):
            return AccessToken(token, int(time.time()) + 3000)

        def close(self):
            pass

    host = BASE.split("//")[1]
    provider = AzureIdentityAuthenticationProvider(
        Credential(), scopes=DEFAULT, allowed_hosts=[host, host.split(":")[0]])
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
    folders = await anna.mail_folders.delta.get()
    messages = await anna.mail_folders.by_mail_folder_id("drafts").messages.delta.get()
    assert folders.odata_delta_link and messages.odata_delta_link and len(messages.value) == 1
    told("SDK: delta of folders and messages")
    assert [u.mail for u in (await graph.users.get()).value] == [ANNA]
    settings = await anna.mailbox_settings.get()
    assert settings.time_zone == "UTC" and len(settings.working_hours.days_of_week) == 5
    assert (await anna.outlook.master_categories.get()).value == []
    told("SDK: users, settings, categories")


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


token = msal_signs_in()
asyncio.run(microsofts_sdk(token))
o365()
