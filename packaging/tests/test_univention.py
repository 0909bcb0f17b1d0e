"""The app for Univention: its files as the App Center reads them, and its join scripts against stand-ins of the host's commands."""
import configparser
import os
import re
import subprocess
import unittest

from support import VERSION, PackageTest
from shared import release

# Attributes of an app and what each has to look like; those that are not here are unknown to the App Center.
TEXT, BOOL, LIST, PORT, PATH = r".+", r"True|False", r"[^,]+(, [^,]+)*", r"\d+", r"/[a-z]+"
KEYS = {
    "ID": r"[a-z0-9]+(([a-zA-Z0-9-_]+)?[a-zA-Z0-9])?", "Code": r"[A-Z]{2}", "Name": TEXT, "Version": re.escape(VERSION), "License": TEXT,
    "Vendor": TEXT, "Contact": r"[^@]+@[^@]+", "Website": r"https://.+", "Description": r".{1,90}", "LongDescription": r"<p>.+</p>",
    "Categories": LIST, "SupportedUCSVersions": r"\d+\.\d+-\d+( errata\d+)?(, \d+\.\d+-\d+( errata\d+)?)*", "DockerMainService": r"hauspost",
    "WebInterface": PATH, "WebInterfaceName": TEXT, "WebInterfacePortHTTP": PORT, "WebInterfacePortHTTPS": PORT,
    "WebInterfaceProxyScheme": r"http|https|both", "AutoModProxy": BOOL, "UCSOverviewCategory": r"admin|service|false",
    "PortsRedirection": r"\d+:\d+(, \d+:\d+)*", "ServerRole": LIST, "MinPhysicalRAM": PORT, "MinFreeDiskSpace": PORT,
    "UserActivationRequired": BOOL, "GenericUserActivation": BOOL, "HostCertificateAccess": BOOL, "ListenerUDMModules": LIST,
    "ListenerUDMVersion": r"2",
    **{f"DockerScript{name}": r"" for name in (
        "Setup", "StoreData", "RestoreDataBeforeSetup", "RestoreDataAfterSetup", "UpdateAvailable", "UpdatePackages", "UpdateRelease",
        "UpdateAppVersion", "Configure")},
}
TRANSLATED = {"Description", "LongDescription"}
TYPES = {"String", "Int", "Bool", "List", "Password", "File", "PasswordFile", "Status"}
PLACES = {"Install", "Upgrade", "Remove", "Settings"}

HELPER = """
joinscript_init() { :; }
joinscript_save_current_version() { echo "saved $VERSION" >> "$CALLS"; }
joinscript_remove_script_from_status_file() { echo "removed $1" >> "$CALLS"; }
die() { echo "$*" >&2; exit 1; }
"""


class Univention(PackageTest):
    def setUp(self) -> None:
        super().setUp()
        self.app = release.DIST / "univention"
        self.assertTrue(self.app.exists(), "dist/univention is missing; run: make packages")

    def ini(self, name: str) -> configparser.ConfigParser:
        parser = configparser.ConfigParser(interpolation=None, delimiters=("=",))
        parser.optionxform = str
        parser.read(self.app / name)
        return parser

    def test_the_ini_is_what_the_app_center_reads(self):
        ini = self.ini("hauspost.ini")
        self.assertEqual(ini.sections(), ["Application", "de"])
        for key, value in ini["Application"].items():
            self.assertIn(key, KEYS)
            self.assertRegex(value, rf"^({KEYS[key]})$", key)
        self.assertEqual(set(ini["de"]), TRANSLATED)
        for key, value in ini["de"].items():
            self.assertRegex(value, rf"^({KEYS[key]})$", key)
            self.assertNotEqual(value, ini["Application"][key])
        # Below the path that the program is told.
        self.assertEqual(ini["Application"]["WebInterface"], "/hauspost")

    def test_settings_are_described_in_both_languages_and_reach_the_program(self):
        settings = self.ini("settings")
        env = dict(line.split("=", 1) for line in (self.app / "env").read_text().splitlines())
        for name in settings.sections():
            setting = settings[name]
            self.assertIn(setting["Type"], TYPES)
            self.assertTrue(setting["Description"] and setting["Description[de]"], name)
            self.assertLessEqual(set(setting["Show"].split(", ")), PLACES)
            self.assertIn(f"@%@{name}@%@", env.values(), name)
        program = (release.ROOT / "src/cli/platform/univention.rs").read_text()
        for variable in env:
            self.assertIn(f'"{variable}"', program)

    def test_the_compose_file_names_this_image_and_the_ports_of_the_ini(self):
        compose = (self.app / "compose").read_text()
        self.assertIn(f"image: hauspost:{VERSION}\n", compose)
        self.assertIn('command: ["hook", "univention", "start"]', compose)
        ini = self.ini("hauspost.ini")["Application"]
        for pair in [f"{ini['WebInterfacePortHTTP']}:{ini['WebInterfacePortHTTP']}", *ini["PortsRedirection"].split(", ")]:
            self.assertIn(f'- "{pair}"', compose)

    def test_scripts_are_bash_that_shellcheck_takes(self):
        for name in ("inst", "uinst", "configure_host"):
            self.ok("bash", "-n", self.app / name)
            self.ok("shellcheck", "-s", "bash", "-e", "SC1091,SC2034", self.app / name)
            self.assertEqual((self.app / name).stat().st_mode & 0o777, 0o755)

    def test_texts_are_there_in_both_languages(self):
        english, german = ((self.app / f"README_{language}").read_text() for language in ("EN", "DE"))
        self.assertEqual(english.count("<h2>"), german.count("<h2>"))
        self.assertIn("<svg", (self.app / "logo.svg").read_text())

    def host(self, has_keycloak: bool) -> dict[str, str]:
        """Commands of the host that write down how they are called, and its helper scripts; paths of the scripts lead here."""
        stubs = self.folder / "bin"
        stubs.mkdir(exist_ok=True)
        for command in ["ucr", "univention-app"] + (["univention-keycloak"] if has_keycloak else []):
            answer = "echo 'hostname=ucs domainname=example.test'" if command == "ucr" else ":"
            stub = stubs / command
            stub.write_text(f'#!/bin/sh\necho "{command} $*" >> "$CALLS"\n[ "$1" != shell ] || {answer}\n')
            stub.chmod(0o755)
        if not has_keycloak:
            (stubs / "univention-keycloak").unlink(missing_ok=True)
        helper = self.folder / "helper"
        helper.write_text(HELPER)
        for name in ("inst", "uinst"):
            text = (self.app / name).read_text()
            for path in ("/usr/share/univention-join/joinscripthelper.lib", "/usr/share/univention-appcenter/joinscripthelper.sh"):
                text = text.replace(path, str(helper))
            (self.folder / name).write_text(text.replace("/var/lib/univention-appcenter", str(self.folder)))
        return {"PATH": f"{stubs}:{os.environ['PATH']}", "CALLS": str(self.folder / "calls")}

    def call(self, script: str, environment: dict[str, str]) -> list[str]:
        calls = self.folder / "calls"
        calls.write_text("")
        done = subprocess.run(["bash", self.folder / script, "--binddn", "uid=Administrator"], env=environment, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return [line for line in calls.read_text().splitlines() if line != "ucr shell"]

    def test_joining_registers_with_keycloak_and_may_be_repeated(self):
        environment = self.host(has_keycloak=True)
        first = self.call("inst", environment)
        secret = self.folder / "apps/hauspost/conf/oidc.secret"
        kept = secret.read_text()
        self.assertEqual((len(kept), secret.stat().st_mode & 0o777), (48, 0o600))
        self.assertEqual(first, [
            "univention-keycloak --binddn uid=Administrator oidc/rp create --app-url https://ucs.example.test/hauspost/api/outside/back"
            f" --client-secret {kept} hauspost",
            "ucr set hauspost/oidc/issuer=https://ucs-sso-ng.example.test/realms/ucs hauspost/oidc/client=hauspost",
            "univention-app status hauspost", "univention-app reinitialize hauspost", "saved 1",
        ])
        self.assertEqual(self.call("inst", environment), first)
        left = self.call("uinst", environment)
        self.assertEqual(left[0], "univention-keycloak --binddn uid=Administrator oidc/rp delete hauspost")
        self.assertEqual(left[-1], "removed hauspost")
        self.assertFalse(secret.exists())
        self.call("uinst", environment)

    def test_without_keycloak_people_sign_in_with_their_passwords(self):
        calls = self.call("inst", self.host(has_keycloak=False))
        self.assertEqual(calls[0], "ucr unset hauspost/oidc/issuer hauspost/oidc/client")
        self.assertEqual(calls[-1], "saved 1")


if __name__ == "__main__":
    unittest.main()
