/** The disk tools and the plain ones beside them, by the names under which they are called. */
import type { Tool } from '../tool.ts'
import { blkid } from './blkid.ts'
import { blkdiscard, blockdev, partprobe, partx } from './blockdev.ts'
import { dd } from './dd.ts'
import { dumpe2fs } from './dumpe2fs.ts'
import { cat, mkdir, rm, tee, touch, truncate } from './files.ts'
import { findmnt } from './findmnt.ts'
import { mkfsExt4 } from './format.ts'
import { lsblk } from './lsblk.ts'
import { mount, mountpoint, umount } from './mount.ts'
import { ls, readlink } from './names.ts'
import { parted } from './parted.ts'
import { sgdisk } from './sgdisk.ts'
import { mkswap, swapoff, swapon } from './swap.ts'
import { hostid, hostname, nothing, zgenhostid } from './system.ts'
import { udevadm } from './udevadm.ts'
import { wipefs } from './wipefs.ts'

export const diskTools: Readonly<Record<string, Tool>> = {
  blkdiscard,
  blkid,
  blockdev,
  cat,
  dd,
  dumpe2fs,
  findmnt,
  hostid,
  hostname,
  ls,
  lsblk,
  mkdir,
  'mkfs.ext4': mkfsExt4,
  mkswap,
  mount,
  mountpoint,
  parted,
  partprobe,
  partx,
  readlink,
  rm,
  sgdisk,
  sleep: nothing,
  swapoff,
  swapon,
  sync: nothing,
  tee,
  touch,
  truncate,
  true: nothing,
  udevadm,
  umount,
  wipefs,
  zgenhostid,
}
