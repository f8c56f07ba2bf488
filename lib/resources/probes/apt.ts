/** What apt could install: which lists lie there, and which version it would take. */
import type { Probe } from '../../engine/resource.ts'
import { ask } from './ask.ts'

export const listsFolder = '/var/lib/apt/lists'

/** Names of the fetched lists; empty on a host that never asked. */
export const aptListsProbe: Probe<readonly string[]> = {
  id: listsFolder,
  async read({ reader }) {
    const names = (await reader.listDir(listsFolder)) ?? []
    return names.filter((name) => /_(InRelease|Release|Packages)(\.\w+)?$/.test(name))
  },
}

/** Blocks of `NAME:` with an indented `Candidate: VERSION`; a package that apt has never heard of has none (services.jsonl scene 53). */
export function parsePolicy(stdout: string): Map<string, string> {
  const candidates = new Map<string, string>()
  let name = ''
  for (const line of stdout.split('\n')) {
    const head = /^(\S+):$/.exec(line)?.[1]
    if (head !== undefined) name = head
    const candidate = /^ {2}Candidate: (\S+)$/.exec(line)?.[1]
    if (candidate !== undefined && candidate !== '(none)') candidates.set(name, candidate)
  }
  return candidates
}

/** The version that would be installed, by package; asked only when something is missing. */
export function candidatesProbe(names: readonly string[]): Probe<ReadonlyMap<string, string>> {
  const argv = ['apt-cache', 'policy', ...names]
  return {
    id: argv.join(' '),
    async read({ reader }) {
      return parsePolicy((await ask(reader, argv, 'ask apt which versions it has')).stdout)
    },
  }
}

/** Whether dpkg was cut off in the middle: apt-get refuses everything then (services.jsonl scene 56). */
export const dpkgInterruptedProbe: Probe<boolean> = {
  id: '/var/lib/dpkg/updates',
  async read({ reader }) {
    return ((await reader.listDir('/var/lib/dpkg/updates')) ?? []).some((name) => /^\d+$/.test(name))
  },
}
