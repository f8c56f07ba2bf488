/** Files and parts of files that phx leaves alone: they are named, so that nobody thinks that they came along. */
import { Old, type Source } from './old.ts'
import type { OldReader } from './read.ts'

const NOT_PHX = 'that schema was never used; phx has its own'

export function readOthers(reader: OldReader, sources: readonly Source[]): void {
  for (const source of sources) {
    const document = Old.whole(source)
    if (source.kind === 'certificates') {
      for (const one of document.items()) {
        const name = one.get('common_name').text ?? 'a certificate'
        reader.report.unmanaged(one, `phx does not manage certificates: ${name}`)
      }
    } else if (source.kind === 'stacks') readStacks(reader, document)
    else if (source.kind === 'lxc' || source.kind === 'vms') readRoot(reader, document)
  }
}

function readStacks(reader: OldReader, document: Old): void {
  const schema = document.get('$schema')
  if (schema.isPresent) reader.report.dropped(schema, NOT_PHX)
  const stacks = document.get('docker_stacks').fields()
  for (const [name, stack] of stacks) reader.report.unmanaged(stack, `phx does not manage stacks: ${name}`)
  if (stacks.length === 0) reader.report.unmanaged(document, 'phx does not manage stacks')
}

const ROOT_OF_GUESTS = ['lxc_configs', 'vms', 'vm_defaults', 'nvidia_driver_version', 'nvidia_runfile_url']

/** Fields beside the guests. */
function readRoot(reader: OldReader, document: Old): void {
  for (const [name, field] of document.fields()) {
    if (!field.isPresent || ROOT_OF_GUESTS.includes(name)) continue
    if (name === '$schema') reader.report.dropped(field, NOT_PHX)
    else if (name === 'nvidia_repo_url') reader.report.unmanaged(field, 'the packages of CUDA inside containers')
    else
      reader.report.leavesOut(
        field,
        `phx has no place for "${name}" beside the guests`,
        'say it in each guest that needs it',
      )
  }
}
