/**
 * Whether a disk that looks blank can be read where signatures lie. wipefs and blkid call a disk blank when the very
 * sectors can't be read, exit code 0, and zpool create then writes over the data (seen in the lab: the scenario
 * disk-with-read-errors). `zdb -l` reads the first and the last 512 KiB whole, where all superblocks that matter are, and
 * tells "failed to read" from "failed to unpack", which is what it says of blank ones (zdb(8)).
 */
import { CannotLook } from '../../engine/cannot-look.ts'
import type { Probe } from '../../engine/resource.ts'

/** Resolves when the disk can be read there, and rejects with CannotLook otherwise. */
export function readableProbe(path: string): Probe<void> {
  const argv = ['zdb', '-l', path]
  return {
    id: argv.join(' '),
    async read({ reader }) {
      const { notFound, timedOut, stdout, stderr } = await reader.query(argv, { timeoutMs: 60_000 })
      const what = `can't tell whether ${path} is empty`
      if (notFound) throw new CannotLook(`${what}: zdb is not installed`, ['apt-get install zfsutils-linux'])
      if (timedOut)
        throw new CannotLook(`${what}: reading it took more than a minute`, [
          `look for errors: dmesg, smartctl -a ${path}`,
        ])
      const said = `${stdout}${stderr}`
      if (/failed to unpack label|^ *LABEL \d/m.test(said) && !/failed to read label/.test(said)) return
      throw new CannotLook(`${what}: some of its sectors can't be read, and what is written there could not be seen`, [
        `look for errors: dmesg, smartctl -a ${path}`,
        'a disk with unreadable sectors should not become part of a pool: replace it',
      ])
    },
  }
}
