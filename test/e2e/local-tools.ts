/**
 * Just enough of a machine's tools, as shell scripts in a folder for PATH, that phx on `--host local` gets as far as
 * `zpool create` of one disk, which then takes as long as a test wants: a real process to be waited for or ended.
 */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A device node that every machine has, taken for a disk. */
export const disk = '/dev/null'

const device = {
  name: 'null',
  kname: 'null',
  path: disk,
  type: 'disk',
  size: 2147483648,
  fstype: null,
  label: null,
  uuid: null,
  serial: 'NONE',
  wwn: null,
  model: null,
  mountpoints: [],
  ro: false,
}

/** Creating writes its process id to FOLDER/creating, waits, and then writes FOLDER/created. */
export function makeTools(folder: string, seconds: number): string {
  const tools = join(folder, 'tools')
  mkdirSync(tools)
  const tool = (name: string, script: string): void => {
    writeFileSync(join(tools, name), `#!/bin/sh\n${script}\n`)
    chmodSync(join(tools, name), 0o755)
  }
  tool('lsblk', `echo '${JSON.stringify({ blockdevices: [device] })}'`)
  tool('wipefs', `echo '{"signatures": []}'`)
  tool('zfs', ':')
  tool('zdb', `printf 'failed to unpack label %s\\n' 0 1 2 3; exit 2`)
  tool(
    'zpool',
    `case "$1" in
status) echo '{"output_version": {"command": "zpool status", "vers_major": 0, "vers_minor": 1}, "pools": {}}' ;;
import) echo 'no pools available to import' >&2 ;;
create) echo $$ > ${folder}/creating; sleep ${seconds}; : > ${folder}/created ;;
esac`,
  )
  return tools
}
