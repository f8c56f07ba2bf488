/** Which GPUs the driver is for, and everything that stands against it: said before anything is touched. */
import type { DeclaredDriver } from '../../config/nvidia.ts'
import type { Comparison, Lock, Look, Note, Refusal, Resource } from '../../engine/resource.ts'
import { isBuiltFor } from './dkms.ts'
import { type Gpu, gpusProbe } from './gpus.ts'
import { kernelPackagesInstalled, runfileProbe } from './installed.ts'
import { blacklists, modprobeProbe, vfioIds } from './modprobe.ts'
import { knownNotToBuild } from './pairs.ts'
import { type Situation, situationOf } from './situation.ts'

const id = 'nvidia:gpus'
const refusal = (why: string, mend: readonly string[]): Refusal => ({ resource: id, why, fields: [], mend })
const note = (level: Note['level'], text: string): Note => ({ resource: id, level, text })

export class GpuChoice implements Resource {
  readonly id: string = id
  readonly locks: readonly Lock[] = []
  readonly #declared: DeclaredDriver

  constructor(declared: DeclaredDriver) {
    this.#declared = declared
  }

  async compare(look: Look): Promise<Comparison> {
    const declared = this.#declared
    const all = await look.at(gpusProbe)
    const live = Object.fromEntries(all.map((gpu) => [gpu.address, gpu.id]))
    const absent = declared.passthrough.filter((address) => !all.some((gpu) => gpu.address === address))
    const notes = absent.map((address) => {
      return note(
        'warning',
        `nvidia_driver.passthrough names ${address}, where there is no NVIDIA GPU (lspci -D -d 10de:)`,
      )
    })
    const held = all.filter(({ address, driver }) => declared.passthrough.includes(address) && driver === 'nvidia')
    for (const { address } of held) {
      const text = `the GPU at ${address} is for passthrough, and the host's driver has it now: a machine that takes it takes it away from whoever uses it here`
      notes.push(note('warning', text))
    }
    const situation = await situationOf(look, declared)
    if (!situation) {
      const why = all.length === 0 ? 'the host has no NVIDIA GPU' : 'every NVIDIA GPU of the host is for passthrough'
      return { changes: [], refusals: [], notes: [...notes, note('info', `${why}: there is nothing to install`)], live }
    }
    const refusals = [
      ...(await boundElsewhere(look, situation.gpus)),
      ...(await neverLoaded(look)),
      ...notBuilding(declared, situation),
      ...(await otherSource(look, declared, situation)),
    ]
    return { changes: [], refusals, notes: [...notes, ...(await secureBoot(look))], live }
  }
}

/** vfio is exclusive: a GPU is the host's or a machine's. */
async function boundElsewhere(look: Look, gpus: readonly Gpu[]): Promise<Refusal[]> {
  const lines = await look.at(modprobeProbe)
  return gpus.flatMap(({ address, id: kind, driver }): Refusal[] => {
    const claim = lines.find((line) => vfioIds(line).includes(kind))
    if (driver !== 'vfio-pci' && claim === undefined) return []
    const why =
      driver === 'vfio-pci'
        ? `the GPU at ${address} (${kind}) is bound to vfio-pci: it belongs to a virtual machine, and the host's driver can't have it too`
        : `${claim?.file} gives every ${kind} to vfio-pci, the GPU at ${address} too: from the next boot on the host's driver can't have it`
    return [
      refusal(why, [
        `if it is for a virtual machine, say so: "passthrough": ["${address}"] in nvidia_driver`,
        `if it is for the host, take "${kind}" out of ${claim?.file ?? '/etc/modprobe.d/'}, then: update-initramfs -u -k all, and reboot`,
      ]),
    ]
  })
}

/** A step of the former scripts blacklisted nvidia right before the driver was installed (phoenix.md 5.5). */
async function neverLoaded(look: Look): Promise<Refusal[]> {
  const lines = (await look.at(modprobeProbe)).filter((line) => blacklists(line, 'nvidia'))
  return lines.map(({ file, line }) => {
    const why = `${file} says "${line}": the driver would be installed and never loaded`
    return refusal(why, [`take the line out of ${file}, then: update-initramfs -u -k all`])
  })
}

function notBuilding({ version }: DeclaredDriver, { kernels, modules, waits }: Situation): Refusal[] {
  const { next, running, installed } = kernels
  // One that only runs, and is not what boots next, is waited out.
  const matters = new Set(waits === null ? [running, next] : [next])
  return [...matters].flatMap((kernel): Refusal[] => {
    const source = knownNotToBuild(version, kernel)
    if (source === undefined || isBuiltFor(modules, kernel)) return []
    const older = installed.find((other) => knownNotToBuild(version, other) === undefined)
    return [
      refusal(`driver ${version} is known not to build for kernel ${kernel} (${source}): nothing was touched`, [
        'declare a newer driver: nvidia_driver.version, with its runfile or packages',
        older === undefined
          ? 'or install an older kernel and pin it: proxmox-boot-tool kernel pin VERSION'
          : `or stay with an older kernel: proxmox-boot-tool kernel pin ${older}, then reboot`,
      ]),
    ]
  })
}

/** One source a host: two drivers side by side overwrite each other's libraries (phoenix.md 5.5). */
async function otherSource(look: Look, { source }: DeclaredDriver, { gpus }: Situation): Promise<Refusal[]> {
  const where = gpus.map(({ address }) => address).join(' and ')
  if (source === 'apt') {
    const version = await look.at(runfileProbe)
    if (version === null) return []
    const why = `driver ${version} was installed by NVIDIA's runfile, while "apt" is declared for the GPU at ${where}`
    return [refusal(why, ['take it away first: nvidia-uninstall', 'or declare "source": "runfile"'])]
  }
  const packages = await kernelPackagesInstalled(look)
  if (packages.length === 0) return []
  const names = packages.map(({ name }) => name)
  const why = `${names.join(', ')} ${packages[0]?.version} is installed, while "runfile" is declared for the GPU at ${where}: the two overwrite each other's files`
  const mend = [`take the packages away first: apt-get purge ${names.join(' ')}`, 'or declare "source": "apt"']
  return [refusal(why, mend)]
}

const sbVariable = '/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c'

/** Four bytes of attributes, then 1 when it is on (UEFI 2.10, 3.3): nothing that is no plain text. */
async function secureBoot({ reader }: Look): Promise<Note[]> {
  const variable = await reader.readFile(sbVariable)
  if (variable?.charCodeAt(4) !== 1) return []
  return [
    note(
      'warning',
      'Secure Boot is on: the kernel takes the module only once the key that DKMS signs with is enrolled, which is done at the console: mokutil --import /var/lib/dkms/mok.pub, reboot, "Enroll MOK" (mokutil --test-key /var/lib/dkms/mok.pub tells)',
    ),
  ]
}
