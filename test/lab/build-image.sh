#!/bin/bash
# Builds the lab's image from Debian packages alone, and prints the folder that holds it as the only line on standard output.
# Progress goes to standard error. About five minutes from nothing, 45 s when only the root file system is missing.
#
#   $cache/qemu-VERSION/   QEMU of the guest's release in a tree of its own: Debian 12 ships one that is slower and cannot freeze to a file
#   $cache/zfs-….deb       OpenZFS kernel modules, compiled once per kernel and ZFS version
#   $cache/KEY/            root.raw (ext4, 4 GiB, sparse, never written again), vmlinux, initrd, id (ssh key that the guest trusts), qemu ->
#
# KEY is a hash of this file and of the versions that the suite offers, so a new kernel or ZFS in the archive makes a new image.
set -euo pipefail

suite=trixie
cache=${PHX_LAB_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/phx-lab}
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
# Their versions are part of the key: modules and user land belong together, a frozen VM belongs to one QEMU.
keyed=(linux-image-cloud-amd64 zfs-dkms zfsutils-linux qemu-system-x86 nodejs)
packages=(systemd-sysv udev dbus kmod busybox-static openssh-server iproute2 iputils-ping procps psmisc sudo
	zfsutils-linux zfs-zed e2fsprogs gdisk parted acl lvm2 mdadm nodejs
	nfs-kernel-server nfs-common samba smbclient cifs-utils ufw iptables
	systemd-container lxc zstd genisoimage qemu-utils)
# Of the guests that run inside the VM: /srv/guest/debian-13.tar.zst, and the same as a disk without partitions, debian-13.raw.
guest_packages=(systemd-sysv udev dbus iproute2 procps sudo cloud-init qemu-guest-agent nfs-common)
# What tests purge and install through apt: a file: repository inside the guest, so that no network is needed.
offline='nfs-kernel-server samba ufw ifupdown2'

say() { echo "lab: $*" >&2; }
lap() { say "$(printf '%4d s' "$SECONDS")  $1"; }
die() { printf 'lab: %s\n' "$@" >&2; exit 1; }

check_host() {
	[ "$(uname -s)-$(uname -m)" = Linux-x86_64 ] || die "the lab builds an amd64 Debian on an amd64 Linux, this is $(uname -s) $(uname -m)"
	[ "$(id -u)" = 0 ] || die "building the lab's image mounts file systems and installs packages, so it needs root; this is $(id -un)."
	command -v apt-get >/dev/null || die 'no apt-get here: the image is made from Debian packages, on Debian 12 or later.'
	unshare --mount true 2>/dev/null || die 'this container may not mount (no CAP_SYS_ADMIN), and mmdebstrap has to. Run it in a privileged container or a VM.'
}

install_host_packages() { # PROGRAM:PACKAGE; the host's QEMU is not needed
	local pair missing=()
	for pair in mmdebstrap:mmdebstrap mkfs.ext4:e2fsprogs cpio:cpio zstd:zstd xz:xz-utils python3:python3 ssh:openssh-client setpriv:util-linux; do
		command -v "${pair%%:*}" >/dev/null || missing+=("${pair#*:}")
	done
	[ -e "$keyring" ] || missing+=(debian-archive-keyring)
	[ ${#missing[@]} -gt 0 ] || return 0
	say "installing on this host: ${missing[*]}"
	local install=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=120 install -y --no-install-recommends "${missing[@]}")
	"${install[@]}" >/dev/null 2>&1 || { apt-get -qq update && "${install[@]}"; } >&2 || die "apt-get could not install ${missing[*]}"
}

# The host's own mirror: first archive and first security URI of its apt sources, deb822 or one-line.
read_sources() {
	local uris mirror security
	uris=$({ cat /etc/apt/sources.list /etc/apt/sources.list.d/*.{list,sources} 2>/dev/null || true; } |
		sed -nE 's/^URIs:[[:space:]]*([^[:space:]]+).*/\1/p; s/^deb[[:space:]]+(\[[^]]*\][[:space:]]+)?([^[:space:]]+).*/\2/p')
	mirror=$(grep -E '/debian/?$' <<<"$uris" | head -1 || true)
	security=$(grep -E 'debian-security/?$' <<<"$uris" | head -1 || true)
	[ -n "$mirror" ] || die 'no Debian mirror in /etc/apt/sources.list or sources.list.d (a URI that ends in /debian)'
	sources=("deb [signed-by=$keyring] $mirror $suite main contrib" "deb [signed-by=$keyring] $mirror $suite-updates main contrib")
	# The kernel often comes from the security suite: both stages below must see the same one.
	[ -z "$security" ] || sources+=("deb [signed-by=$keyring] $security $suite-security main contrib")
}

look_at_archive() { # writes $cache/offered: "package version" a line. The host's apt with folders of its own, so that a Debian 12 can ask about 13.
	local apt=$cache/apt new
	mkdir -p "$apt"/{state/lists/partial,cache/archives/partial}
	printf '%s\n' "${sources[@]}" >"$apt/sources.list"
	local options=(-o Dir::Etc::SourceList="$apt/sources.list" -o Dir::Etc::SourceParts=/dev/null -o Dir::State="$apt/state" -o Dir::State::status=/dev/null
		-o Dir::Cache="$apt/cache" -o APT::Architecture=amd64 -o APT::Architectures=amd64 -o APT::Sandbox::User=root
		-o Acquire::Languages=none -o Acquire::Check-Valid-Until=false)
	apt-get -qq "${options[@]}" update >&2 || return 1
	new=$(apt-cache "${options[@]}" show --no-all-versions "${keyed[@]}" | awk '/^Package:/ { p = $2 } /^Version:/ { print p, $2 }' | sort -u)
	[ "$(wc -l <<<"$new")" = ${#keyed[@]} ] || { say "the archive does not offer all of ${keyed[*]}: $new"; return 1; }
	echo "$new" >"$cache/offered.new" && mv "$cache/offered.new" "$cache/offered"
}
version_of() { awk -v p="$1" '$1 == p { gsub(/:/, "%", $2); print $2 }' "$cache/offered"; }
image_of_key() { echo "$cache/$(cat "$0" "$cache/offered" | sha256sum | cut -c1-16)"; }
leave_if_built() {
	image=$(image_of_key)
	[ ! -e "$image/root.raw" ] || { echo "$image"; exit 0; }
}

bootstrap() { # bootstrap TARGET PACKAGES [mmdebstrap option...]
	local target=$1 include=$2
	shift 2
	mmdebstrap --quiet --mode=root --variant=apt --architectures=amd64 --include="$include" \
		--aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Languages "none"' --aptopt='Acquire::Check-Valid-Until "false"' \
		--dpkgopt=force-unsafe-io --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/info/*' \
		"$@" "$suite" "$target" "${sources[@]}" >"$work/log" 2>&1 || { tail -n 40 "$work/log" >&2; die "mmdebstrap could not make $target, see above"; }
}

build_qemu() { # build_qemu TO
	bootstrap "$work/qemu" qemu-system-x86,qemu-utils
	rm -rf "$1.new" && mkdir -p "$1.new"
	cp -a "$work/qemu/usr" "$1.new/"
	rm -rf "$1.new"/usr/share/{qemu/edk2*,perl*,zoneinfo,doc} "$1.new"/usr/lib/x86_64-linux-gnu/{perl*,gconv}
	rm -rf "$work/qemu"
	mv "$1.new" "$1"
}

build_zfs() { # build_zfs TO: what zfs-dkms would do, once, without dkms; that package only brings the source
	bootstrap "$work/zfs" "linux-headers-cloud-amd64,make,gcc,libc6-dev,autoconf,automake,libtool,gawk,file,kmod,perl,python3-minimal,xz-utils" \
		--customize-hook='chroot "$1" sh -ec "cd /tmp; apt-get -q download zfs-dkms; dpkg-deb -x zfs-dkms_*.deb /"'
	lap 'build tree for ZFS'
	mount -t proc proc "$work/zfs/proc"
	chroot "$work/zfs" bash -euo pipefail <<'IN' || { tail -n 30 "$work/zfs/tmp/log" >&2; die 'compiling the ZFS modules failed, see above'; }
exec >/tmp/log 2>&1
kernel=$(ls /lib/modules) version=$(basename /usr/src/zfs-* | sed s/zfs-//)
cd /usr/src/zfs-*
objects=$(readlink -f /lib/modules/$kernel/build)
common=/usr/src/linux-headers-$(sed -E 's/-(cloud-)?amd64$//' <<<"$kernel")-common
./configure --disable-dependency-tracking --with-config=kernel --with-linux=$common --with-linux-obj=$objects
make -j$(nproc)
to=/tmp/deb/lib/modules/$kernel/extra
mkdir -p $to /tmp/deb/DEBIAN
for module in spl zfs; do strip -g -o $to/$module.ko module/$module.ko; done
cat >/tmp/deb/DEBIAN/control <<C
Package: zfs-modules-$kernel
Version: $version
Architecture: amd64
Maintainer: lab <lab@localhost>
Provides: zfs-modules
Description: OpenZFS $version modules for $kernel
C
dpkg-deb --root-owner-group -b /tmp/deb /tmp/zfs.deb
IN
	cp "$work/zfs/tmp/zfs.deb" "$1.new" && mv "$1.new" "$1"
	umount "$work/zfs/proc" && rm -rf "$work/zfs"
}

write_initrd() { # write_initrd ROOT KERNEL TO: busybox, virtio_blk, mount, switch_root
	local i=$work/initrd module
	mkdir -p "$i"/{bin,dev,proc,root,modules}
	cp "$1/bin/busybox" "$i/bin/"
	# PCI virtio and ext4 are built into the cloud kernel, virtio_blk is not.
	for module in virtio_pci virtio_blk ext4; do chroot "$1" modprobe -S "$2" -D $module 2>/dev/null; done |
		awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r module; do
		xz -dc "$1$module" >"$i/modules/$(basename "$module" .xz)"
		basename "$module" .xz >>"$i/modules/order"
	done
	cat >"$i/init" <<'IN'
#!/bin/busybox sh
b=/bin/busybox
$b mount -t devtmpfs dev /dev; $b mount -t proc proc /proc
if $b grep -q lab.probe /proc/cmdline; then $b echo LAB-PROBE-OK; $b poweroff -f; fi
for m in $($b cat /modules/order); do $b insmod /modules/$m; done
root=$($b sed 's/.*root=\([^ ]*\).*/\1/' /proc/cmdline)
until [ -b $root ]; do $b usleep 20000; done
$b mount -t ext4 -o rw,noatime $root /root
$b umount /proc; $b mount -o move /dev /root/dev
exec $b switch_root /root /sbin/init
IN
	chmod +x "$i/init"
	(cd "$i" && find . | cpio -o -H newc --quiet) >"$3"
}

build_guest() { # build_guest TO: a Debian for systemd-nspawn and LXC; what makes it a guest of its own, cloud-init or LXC's configuration brings
	local g=$work/guest unit
	bootstrap "$g" "$(IFS=,; echo "${guest_packages[*]}")"
	lap 'guest: packages'
	rm -rf "$g"/etc/apt/sources.list.d/* "$g"/var/lib/apt/lists/* "$g"/var/cache/apt/*.bin "$g"/var/log/*.log "$g"/usr/lib/x86_64-linux-gnu/gconv
	: >"$g/etc/apt/sources.list" # no network in there: nothing to update from is no error
	: >"$g/etc/machine-id"       # empty, not "uninitialized": a new one at each first boot, and no presets (machine-id(5))
	echo localhost >"$g/etc/hostname"
	printf '127.0.0.1 localhost\n' >"$g/etc/hosts"
	: >"$g/etc/fstab"
	# One datasource alone: with several, cloud-init doesn't look for drives in a container (ds-identify).
	# No keys of a host without sshd; partitions and file systems are not the guest's in a container.
	cat >"$g/etc/cloud/cloud.cfg.d/90-lab.cfg" <<'IN'
datasource_list: [NoCloud]
ssh_genkeytypes: []
growpart: { mode: "off" }
resize_rootfs: false
IN
	chroot "$g" systemctl -q enable systemd-networkd 2>>"$work/log"
	# The channel of a virtual machine is a socket here; /run/phx-ga is the host's, where there is one.
	mkdir -p "$g/etc/systemd/system/qemu-guest-agent.service.d" "$g/etc/systemd/system/multi-user.target.wants"
	cat >"$g/etc/systemd/system/qemu-guest-agent.service" <<'IN'
[Unit]
Description=QEMU Guest Agent
ConditionPathIsMountPoint=/run/phx-ga
[Service]
ExecStartPre=-/usr/bin/rm -f /run/phx-ga/agent
ExecStart=/usr/sbin/qemu-ga -m unix-listen -p /run/phx-ga/agent
Restart=always
[Install]
WantedBy=multi-user.target
IN
	rmdir "$g/etc/systemd/system/qemu-guest-agent.service.d"
	ln -sf ../qemu-guest-agent.service "$g/etc/systemd/system/multi-user.target.wants/"
	for unit in getty@tty1.service console-getty.service container-getty@.service getty-static.service ldconfig.service rpc-statd-notify.service \
		systemd-hwdb-update.service systemd-journal-catalog-update.service systemd-update-done.service systemd-networkd-persistent-storage.service \
		systemd-networkd-wait-online.service apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer \
		e2scrub_all.timer e2scrub_reap.service fstrim.timer dhcpcd.service; do
		ln -sf /dev/null "$g/etc/systemd/system/$unit"
	done
	touch "$g/etc/.updated" "$g/var/.updated"
	mkdir -p "$1"
	tar -C "$g" --numeric-owner --xattrs -cf - . | zstd -q -T0 -6 -o "$1/debian-13.tar.zst"
	truncate -s 384M "$1/debian-13.raw"
	mkfs.ext4 -q -F -L guest -E root_owner=0:0 -m 0 -d "$g" "$1/debian-13.raw"
	rm -rf "$g"
	lap "guest: $(du -sh "$1"/* | paste -sd' ')"
}

build_root() { # build_root ZFS_DEB TO
	local r=$work/root kernel unit
	kernel=$(dpkg-deb -f "$1" Package) kernel=${kernel#zfs-modules-}
	export offline deb=$1 # read by the hooks
	bootstrap "$r" "linux-image-$kernel,$(IFS=,; echo "${packages[*]}")" \
		--essential-hook='cp "$deb" "$1/tmp/zfs.deb"; chroot "$1" dpkg -i /tmp/zfs.deb; rm "$1/tmp/zfs.deb"' \
		--customize-hook='mkdir -p "$1/srv/apt"; chroot "$1" sh -ec "cd /srv/apt; apt-get -q download $offline"'
	lap 'root file system: packages'
	build_guest "$r/srv/guest"
	(cd "$r/srv/apt" && for f in *.deb; do # what dpkg-scanpackages writes
		dpkg-deb -f "$f"
		printf 'Filename: ./%s\nSize: %s\nSHA256: %s\n\n' "$f" "$(stat -c %s "$f")" "$(sha256sum "$f" | cut -d' ' -f1)"
	done >Packages)
	rm -rf "$r"/etc/apt/sources.list.d/* "$r"/var/lib/apt/lists/*
	echo 'deb [trusted=yes] file:/srv/apt ./' >"$r/etc/apt/sources.list" # mmdebstrap leaves the build host's mirror here

	echo lab >"$r/etc/hostname"
	printf '127.0.0.1 localhost\n127.0.1.1 lab\n' >"$r/etc/hosts"
	echo '/dev/disk/by-label/lab-root / ext4 noatime 0 1' >"$r/etc/fstab"
	ssh-keygen -q -t ed25519 -N '' -C lab -f "$2/id"
	install -D -m 600 "$2/id.pub" "$r/root/.ssh/authorized_keys"
	rm -f "$r"/etc/ssh/ssh_host_{rsa,ecdsa}_key*
	# Name=en*, never Type=ether: networkd would seize the veth pairs that tests make.
	printf '[Match]\nName=en*\n[Network]\nAddress=10.0.2.15/24\nGateway=10.0.2.2\n' >"$r/etc/systemd/network/lab.network"
	chroot "$r" systemctl -q enable systemd-networkd 2>>"$work/log"
	# One or two seconds of boot: nothing here is needed by storage, shares or ssh. smbd, the NFS units and ZFS stay as shipped.
	for unit in lxc.service lxc-net.service lxc-monitord.service nmbd.service samba-ad-dc.service getty@tty1.service serial-getty@ttyS0.service \
		modprobe@{drm,efi_pstore,configfs,fuse}.service systemd-binfmt.service proc-sys-fs-binfmt_misc.automount ldconfig.service \
		systemd-network-generator.service systemd-networkd-persistent-storage.service systemd-networkd-wait-online.service \
		systemd-hwdb-update.service systemd-journal-catalog-update.service systemd-update-done.service systemd-machine-id-commit.service \
		apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer \
		mdcheck_start.timer mdcheck_continue.timer mdmonitor-oneshot.timer lvm2-monitor.service \
		dev-hugepages.mount dev-mqueue.mount sys-kernel-debug.mount sys-kernel-tracing.mount sys-kernel-config.mount sys-fs-fuse-connections.mount; do
		ln -sf /dev/null "$r/etc/systemd/system/$unit"
	done
	touch "$r/etc/.updated" "$r/var/.updated"
	tr -d - </proc/sys/kernel/random/uuid >"$r/etc/machine-id"

	python3 - "$r/boot/vmlinuz-$kernel" "$2/vmlinux" <<'IN'
import struct, subprocess, sys # the zstd payload of a bzImage; offsets from the kernel's Documentation/arch/x86/boot.rst
b = open(sys.argv[1], 'rb').read()
offset, length = struct.unpack_from('<II', b, 0x248)
start = (b[0x1f1] + 1) * 512 + offset
elf = subprocess.run(['zstd', '-dc'], input=b[start:start + length - 4], capture_output=True, check=True).stdout
assert elf[:4] == b'\x7fELF'
open(sys.argv[2], 'wb').write(elf)
IN
	write_initrd "$r" "$kernel" "$2/initrd"
	rm -rf "$r"/boot/* "$r"/vmlinuz* "$r"/initrd*
	truncate -s 4G "$2/root.raw"
	mkfs.ext4 -q -F -L lab-root -E root_owner=0:0 -d "$r" "$2/root.raw"
}

build() { # build IMAGE, in mount and process namespaces of its own: even kill -9 leaves neither a mount nor a child behind
	local qemu zfs image=$1
	qemu=$cache/qemu-$(version_of qemu-system-x86)
	zfs=$cache/zfs-$(version_of linux-image-cloud-amd64)_$(version_of zfs-dkms).deb
	work=$cache/work
	mkdir -p "$work"
	mount -t tmpfs -o size=8g,mode=755 lab "$work" # a tmpfs: dpkg's fsyncs cost nothing
	# Plain "if", not "test || stage": on either side of || and && bash ignores set -e inside the stage.
	if [ ! -d "$qemu" ]; then build_qemu "$qemu"; lap 'QEMU'; fi
	if [ ! -e "$zfs" ]; then build_zfs "$zfs"; lap 'ZFS modules'; fi
	rm -rf "$image.new" && mkdir "$image.new"
	ln -s "../${qemu##*/}" "$image.new/qemu"
	build_root "$zfs" "$image.new"
	rm -rf "$image" && mv "$image.new" "$image"
	lap "done: $(du -sh "$image" | cut -f1) in $image"
}

if [ "${1:-}" = --in-namespace ]; then # IMAGE, by the lines at the end of this file, which hold the lock
	read_sources
	build "$2"
	exit
fi
# Half a day without asking the archive: scenarios must also run when it can't be reached.
[ -z "$(find "$cache/offered" -mmin -720 2>/dev/null)" ] || leave_if_built
check_host
mkdir -p "$cache"
exec 9>"$cache/lock"
flock -n 9 || { say 'another build is at work, waiting for it'; flock 9; }
install_host_packages
read_sources
look_at_archive || [ -e "$cache/offered" ] || die "the archive could not be asked for $suite, see above"
leave_if_built
say "building the image of $(paste -sd, "$cache/offered"); about five minutes from nothing"
unshare --mount --pid --fork --kill-child --mount-proc bash "$0" --in-namespace "$image"
echo "$image"
