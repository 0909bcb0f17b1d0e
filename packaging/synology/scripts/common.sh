# shellcheck disable=SC2034
# What all scripts of the package know. DSM runs them as the package's own user, not as root.
PACKAGE=synology
PROGRAM=$SYNOPKG_PKGDEST/bin/hauspost
STATE=$SYNOPKG_PKGVAR
DATA=$STATE/data
LISTEN="[::]:@LISTEN@"
OPTIONS="--smtp [::]:@SMTP@ --submissions [::]:@SUBMISSIONS@ --submission [::]:@SUBMISSION@ --imaps [::]:@IMAPS@"

# The shared folder, by the link that DSM makes.
SHARE=${PACKAGES:-/var/packages}/hauspost/shares/hauspost
if [ -d "$SHARE" ]; then
    OPTIONS="$OPTIONS --nightly-copy $SHARE/copy"
fi

# Shown by Package Center.
tell() {
    echo "$1"
    [ -z "$SYNOPKG_TEMP_LOGFILE" ] || echo "$1" >> "$SYNOPKG_TEMP_LOGFILE"
}

# Says why, and stops what DSM was about to do.
refuse() {
    tell "$1"
    exit 1
}
