/** The driver: its version stood in two files, under three names, and what was run was never checked. */
import type { Old } from './old.ts'
import type { Fields, OldReader } from './read.ts'

/** The same under the names of the first JSON form (`nvidia`) and of the containers' file (its root). */
const FIRST_PORT: Readonly<Record<string, string>> = { driver_version: 'version', runfile_url: 'runfile_url' }
const OF_CONTAINERS: Readonly<Record<string, string>> = {
  nvidia_driver_version: 'version',
  nvidia_runfile_url: 'runfile_url',
}

export function readNvidia(reader: OldReader, hypervisor: Old, containers: Old | undefined): Fields | undefined {
  const section = hypervisor.get('nvidia_driver')
  const firstPort = hypervisor.get('nvidia')
  const made = (section.isPresent ? reader.fields(section, 'nvidia_driver') : undefined) ?? {}
  addFrom(reader, made, firstPort, FIRST_PORT)
  if (containers !== undefined) addFrom(reader, made, containers, OF_CONTAINERS)
  if (Object.keys(made).length === 0) return undefined
  if (section.isPresent) reader.from(section, made)
  // A source other than NVIDIA's installer needs no checksum.
  if (made.install !== true || made.runfile_sha256 !== undefined || made.source === 'apt') return made
  const { install: _install, ...without } = made
  const message = 'the installer was run unchecked; phx runs nothing without its checksum'
  const mend = `sha256sum the .run file, then add "runfile_sha256" and "install": true`
  reader.report.leavesOut(section.get('install'), message, mend)
  return reader.from(section, without)
}

function addFrom(reader: OldReader, made: Fields, holder: Old, names: Readonly<Record<string, string>>): void {
  for (const [from, to] of Object.entries(names)) {
    const old = holder.get(from)
    if (!old.isPresent) continue
    if (made[to] === undefined) {
      made[to] = reader.from(old, old.value)
      reader.report.normalised(old, from, `nvidia_driver.${to}`)
    } else if (made[to] === old.value) {
      reader.report.normalised(old, from, `nvidia_driver.${to}`, 'both said the same; it is declared once now')
    } else {
      const message = `${from} says something else than nvidia_driver.${to}, which is taken`
      reader.report.leavesOut(
        old,
        message,
        'see nvidia-smi on the host and in a container, and correct the config if it is wrong',
      )
    }
  }
}
