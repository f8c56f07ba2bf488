/**
 * What testparm says of a configuration. Its exit code is 0 for an unknown parameter, for one of [global] inside a share
 * and for a share without a path: smbd goes on without them (seen: services.jsonl scenes 21, 22, 57). So its words count.
 */
import type { DeclaredShare } from '../../config/samba.ts'
import type { Step } from '../../engine/resource.ts'
import type { CommandResult, FileCheck } from '../../host/host.ts'
import { sameName, smbConfPath } from './smb-conf.ts'

/** Said of every good configuration too. */
const chatter =
  /^(Load smb config files from |Loaded services file OK|Weak crypto is allowed|Server role:|Error loading services|WARNING: (lock|pid|state|cache) directory )/

const complaints =
  /^(Unknown parameter encountered|WARNING: Ignoring invalid value|WARNING: No path in service|Global parameter .* found in service section)/

const linesOf = (text: string): string[] => text.split('\n').flatMap((line) => line.trim() || [])

/** Why smbd would not start with it, or undefined. */
function refusalIn({ exitCode, stderr }: CommandResult): string | undefined {
  if (exitCode === 0) return undefined
  const said = linesOf(stderr).filter((line) => !chatter.test(line))
  return said.join('; ') || `it ended with exit code ${exitCode ?? 'none'} and gave no reason`
}

/** Why a file of phx's own is wrong: also what smbd would only ignore. */
function complaintIn(result: CommandResult): string | undefined {
  return (
    refusalIn(result) ??
    (linesOf(result.stderr)
      .filter((line) => complaints.test(line))
      .join('; ') ||
      undefined)
  )
}

export type Services = readonly { readonly name: string; readonly parameters: ReadonlyMap<string, string> }[]

/** The sections that testparm prints; what equals a default is left out (seen: services.jsonl scene 22). */
export function servicesIn(stdout: string): Services {
  const services: { name: string; parameters: Map<string, string> }[] = []
  for (const line of stdout.split('\n')) {
    const name = /^\[(.*)\]$/.exec(line)?.[1]
    if (name !== undefined) services.push({ name, parameters: new Map() })
    const [, parameter, value] = /^\t(.+?) = (.*)$/.exec(line) ?? []
    if (parameter !== undefined && value !== undefined) services.at(-1)?.parameters.set(parameter, value)
  }
  return services
}

/** Why smbd would not share these, or undefined. What else the admin's part has to complain of is the admin's. */
function wholeIn(result: CommandResult, shares: readonly DeclaredShare[]): string | undefined {
  const refusal = refusalIn(result)
  if (refusal !== undefined) return refusal
  const services = servicesIn(result.stdout)
  for (const { name, path } of shares) {
    const service = services.find((one) => sameName(one.name, name))
    if (!service) return `there is no share ${name} in what it read`
    const read = service.parameters.get('path')
    if (read !== path) return `it reads ${read ?? 'no path'} as the path of share ${name}, which is ${path}`
  }
  return undefined
}

/** Of phx's file, before it replaces the one that is there. */
export const sharesCheck: FileCheck = { argv: ['testparm', '-s', '%s'], judge: complaintIn }

/** Of smb.conf with phx's file included. */
export function wholeCheck(shares: readonly DeclaredShare[]): FileCheck {
  return { argv: ['testparm', '-s', '%s'], judge: (result) => wholeIn(result, shares) }
}

/** The same of what lies there, as a step. */
export function isWhole(shares: readonly DeclaredShare[]): Step {
  return {
    kind: 'verify',
    what: `testparm reads ${smbConfPath} with every declared share`,
    mend: ['testparm -s', `look at ${smbConfPath}: phx changes nothing in it but its own lines`],
    async check(reader) {
      return wholeIn(await reader.query(['testparm', '-s']), shares)
    },
  }
}
