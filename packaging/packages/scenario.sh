#!/bin/bash
# What a machine's owner does with the package, in a Debian 12 whose systemd is pid 1 and that
# has no network but its loopback. test.sh lays medhive.deb, next.deb and study.zip into /root.
set -Eeuo pipefail
# shellcheck disable=SC2154 # status
trap 'status=$?; echo "scenario.sh ends with $status at line $LINENO"; journalctl -q --no-pager -n 60 -u "medhive-*" -u chain || true' ERR
export DEBIAN_FRONTEND=noninteractive HOME=/root

say() { echo "[$(cut -d. -f1 /proc/uptime)] $*"; }
fails() { echo "WRONG: $*"; false; }
# everything lists the root's files and the accounts, but for what apt, dpkg and the logs keep.
everything() {
  find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /run -o -path /tmp -o -path /root -o -path /var/lib/dpkg -o -path /var/lib/apt \
    -o -path /var/cache -o -path /var/log -o -path /var/lib/systemd \) -prune -o ! -path '/etc/*-' ! -path '/etc/.pwd.lock' -print
  cut -d: -f1 /etc/passwd | sed 's/^/user /'
  cut -d: -f1 /etc/group | sed 's/^/group /'
}
address() { medhive node status --json | sed -n 's/^ *"address": "\(.*\)",*$/\1/p' | head -1; }

everything | sort >/root/before
apt-get -qq install -y /root/medhive.deb >/root/apt.log 2>&1 || { cat /root/apt.log; false; }
grep '^medhive:' /root/apt.log
say "installed: $(medhive version)"
[ "$(stat -c '%U:%G %a' /var/lib/medhive)" = "medhive:medhive 750" ] || fails "owner or mode of the state"
for role in node clinic coordinator; do
  [ "$(systemctl is-active "medhive-$role" || true)" = inactive ] || fails "medhive-$role was started unasked"
  [ -s "/usr/share/medhive/$role.toml" ] || fails "no defaults of $role"
  medhive config check "$role" "/usr/share/medhive/$role.toml"
  # In tenths: 20 is 2.0.
  systemd-analyze security --offline=true --no-pager --threshold=20 "/lib/systemd/system/medhive-$role.service" | tail -1
done

say "a chain, and a coordinator by its unit"
systemd-run -q --unit=chain --uid=medhive --setenv=MEDHIVE_HOME=/var/lib/medhive /usr/bin/medhive chain dev
until [ -s /var/lib/medhive/network.json ]; do read -r -t 0.2 <> <(:) || true; done
install -m 0644 /usr/share/medhive/coordinator.toml /etc/medhive/coordinator.toml
systemctl start medhive-coordinator
say "$(systemctl show -P StatusText medhive-coordinator)"

say "medhive node init --defaults"
medhive node init --defaults
start=$(cut -d. -f1 /proc/uptime)
systemctl start medhive-node
took=$(($(cut -d. -f1 /proc/uptime) - start))
say "bidding $took s after systemctl start: $(systemctl show -P StatusText medhive-node)"
[ "$took" -le "${MEDHIVE_TEST_START:-60}" ] || fails "it took more than 60 s"
before=$(address)
[ -n "$before" ] || fails "no address in the status"
[ "$(stat -c %U "/proc/$(systemctl show -P MainPID medhive-node)")" = medhive ] || fails "the node runs as another user"

say "a clinic by its unit, and a study through it"
# Play money's keys lie with the chain; another user's clinic gets its own copy, as a real
# network's clinic has an account of its own.
cp -r /var/lib/medhive/network.json "/var/lib/medhive/$(sed -n 's/.*"development_keys": "\(.*\)".*/\1/p' /var/lib/medhive/network.json)" /var/lib/medhive-clinic/
chown -R medhive-clinic:medhive-clinic /var/lib/medhive-clinic
install -m 0644 /usr/share/medhive/clinic.toml /etc/medhive/clinic.toml
systemctl start medhive-clinic
say "$(systemctl show -P StatusText medhive-clinic)"
install -m 0644 /root/study.zip /var/lib/medhive-clinic/study.zip
start=$(cut -d. -f1 /proc/uptime)
runuser -u medhive-clinic -- env MEDHIVE_HOME=/var/lib/medhive-clinic medhive clinic submit /var/lib/medhive-clinic/study.zip --name clinic --out /var/lib/medhive-clinic/out
[ -s "$(echo /var/lib/medhive-clinic/out/*/seg.dcm)" ] || fails "no result"
say "a result after $(($(cut -d. -f1 /proc/uptime) - start)) s"
medhive node status

say "the unit's reload, and a watchdog that is content"
journalctl -q -o cat -u medhive-node --grep 'runner is warm' | head -1
journalctl -q -o cat -u medhive-node --grep 'runner is warm' | grep -q 'a namespace without interfaces.*seccomp allow-list' || fails "the unit keeps the runner from closing itself in"
if journalctl -q -o cat -u medhive-node --grep 'Landlock is missing'; then
  fails "the unit keeps the runner from Landlock"
fi
systemctl reload medhive-node
[ "$(systemctl is-active medhive-node)" = active ] || fails "a reload ended the node"
journalctl -q --no-pager -u medhive-node | tail -5

say "an upgrade keeps keys, state and settings, and what ran runs"
echo '# mine' >>/etc/medhive/node.toml
sha256sum /etc/medhive/node.toml /var/lib/medhive/node/node.key >/root/kept
apt-get -qq install -y /root/next.deb >/root/apt.log 2>&1 || { cat /root/apt.log; false; }
dpkg-query -W medhive
sha256sum --quiet -c /root/kept
[ "$(systemctl is-active medhive-node)" = active ] || fails "the node does not run after the upgrade"
[ "$(address)" = "$before" ] || fails "the node has another address after the upgrade"
medhive node status --json | grep -q '"done": 1' || fails "the node forgot its job"

say "removal keeps keys, state and settings"
apt-get -qq remove -y medhive >/root/apt.log 2>&1 || { cat /root/apt.log; false; }
sha256sum --quiet -c /root/kept
[ ! -e /usr/bin/medhive ] || fails "the program is still there"
for role in node clinic coordinator; do
  [ "$(systemctl is-active "medhive-$role" || true)" != active ] || fails "medhive-$role still runs"
done

say "a purge leaves what the user made: keys, and a clinic's records"
systemctl stop chain
apt-get -qq purge -y medhive >/root/apt.log 2>&1 || { cat /root/apt.log; false; }
grep '^medhive:' /root/apt.log || true
everything | sort | comm -13 /root/before - >/root/left
echo "left:"
cat /root/left
if grep -v -e '^/var/lib/medhive-clinic' -e '^/var/lib/medhive\(/.*\)*$' -e '^user medhive' -e '^group medhive' /root/left; then
  fails "a purge left the above"
fi
if grep '^/var/lib/medhive/' /root/left | while read -r path; do [ -d "$path" ] || echo "$path"; done | grep -v '\.key$'; then
  fails "a purge left the above of the node"
fi
everything | sort | comm -23 /root/before - >/root/lost
[ ! -s /root/lost ] || { cat /root/lost; fails "a purge took away what was there before"; }

say "with its keys and records away, another purge leaves nothing"
rm -r /var/lib/medhive /var/lib/medhive-clinic
apt-get -qq install -y /root/medhive.deb >/root/apt.log 2>&1 || { cat /root/apt.log; false; }
apt-get -qq purge -y medhive >/root/apt.log 2>&1 || { cat /root/apt.log; false; }
everything | sort | diff /root/before - || fails "a purge is not the opposite of an installation"
echo "the packages do what they should"
