/** Making a pool: its command, and the disks shown to be free and empty before it. */
import type { DeclaredPool, DeclaredVdev } from '../../config/zfs.ts'
import { CannotLook } from '../../engine/cannot-look.ts'
import { newLook } from '../../engine/look.ts'
import type { Look, Step } from '../../engine/resource.ts'
import type { Argv, Reader } from '../../host/host.ts'
import { type Content, contentDigest, contentsOf, contentText, isBlank, wipeSteps } from '../disk/content.ts'
import { type Found, findDeclared } from '../disk/identity.ts'
import { hindrances } from '../disk/use.ts'
import { plural } from '../size.ts'

const roles: readonly DeclaredVdev['role'][] = ['data', 'special', 'log', 'cache', 'spare']

function vdevArguments(vdevs: readonly DeclaredVdev[]): string[] {
  return roles.flatMap((role) => {
    const own = vdevs.filter((vdev) => vdev.role === role)
    const words = own.flatMap(({ type, disks }) => (type === 'disk' ? disks : [type, ...disks]))
    return own.length === 0 || role === 'data' ? words : [role, ...words]
  })
}

/** Never with -f: what that overrides is for a person to decide (zpool-create(8); facts: zfs-observed, "zpool create"). */
function createArgv(pool: DeclaredPool): Argv {
  const poolOptions = Object.entries(pool.poolProperties).flatMap(([name, value]) => ['-o', `${name}=${value}`])
  const rootOptions = Object.entries(pool.rootProperties).flatMap(([name, value]) => ['-O', `${name}=${value}`])
  return ['zpool', 'create', ...poolOptions, ...rootOptions, pool.name, ...vdevArguments(pool.vdevs)]
}

/**
 * udev makes the links of the partitions that ZFS has just made, and on a busy machine they can be gone for a moment
 * (seen: zfs.jsonl scene 30, and in the lab about once in thirty): no pool is there then, and the same command works.
 */
export function createStep(pool: DeclaredPool): Step {
  const says = ['one or more devices is currently unavailable', 'no such pool or dataset']
  return { kind: 'command', argv: createArgv(pool), passing: { says, settle: ['udevadm', 'settle'] } }
}

/** `mirror pool quickOS of 2 disks`. */
export function poolText(pool: DeclaredPool): string {
  const data = pool.vdevs.filter((vdev) => vdev.role === 'data')
  const disks = pool.vdevs.reduce((count, vdev) => count + vdev.disks.length, 0)
  const [first] = data
  const shape = !first
    ? ''
    : data.length === 1 && first.disks.length === 1
      ? 'single-disk '
      : first.type === 'disk'
        ? 'striped '
        : `${data.length > 1 ? `${data.length} x ` : ''}${first.type} `
  return `${shape}pool ${pool.name} of ${plural(disks, 'disk')}`
}

/** Reads and returns why the run must stop, or undefined; what can't be read stops it too. */
export function verify(what: string, check: (look: Look) => Promise<string | undefined>): Step {
  return {
    kind: 'verify',
    what,
    async check(reader: Reader) {
      try {
        return await check(newLook(reader))
      } catch (error) {
        if (error instanceof CannotLook) return error.message
        throw error
      }
    },
  }
}

type Present = Found & { readonly device: NonNullable<Found['device']> }
const isPresent = (found: Found): found is Present => found.device !== undefined

/** The declared disks once more: the same ones, free, and with this content. */
function lookAgain(
  paths: readonly string[],
  identities: readonly string[],
  wrong: (contents: readonly Content[]) => string | undefined,
) {
  return async (look: Look): Promise<string | undefined> => {
    const found = await Promise.all(paths.map((path) => findDeclared(look, path)))
    for (const [index, disk] of found.entries()) {
      if (disk.identity !== identities[index]) return `${disk.path} is another disk now (${disk.identity})`
      const [inUse] = await hindrances(look, disk, null)
      if (inUse) return inUse.why
    }
    return wrong(await contentsOf(look, found.filter(isPresent)))
  }
}

const pathsOf = (contents: readonly Content[]): string[] => contents.map((content) => content.found.path)
const identitiesOf = (contents: readonly Content[]): string[] => contents.map((content) => content.found.identity)
const dirtyOf = (contents: readonly Content[]): Content[] => contents.filter((content) => !isBlank(content))

/** Shows that the disks whose content was agreed to be lost hold just that, before anything is done to them. */
export function asLookedAt(contents: readonly Content[]): Step[] {
  const dirty = dirtyOf(contents)
  if (dirty.length === 0) return []
  const isChanged = (now: readonly Content[]): string | undefined =>
    contentDigest(now) === contentDigest(dirty)
      ? undefined
      : `something else is there now: ${now.map(contentText).join('; ')}`
  return [
    verify(
      `what is on ${pathsOf(dirty).join(', ')} is what was looked at`,
      lookAgain(pathsOf(dirty), identitiesOf(dirty), isChanged),
    ),
  ]
}

/** Wipes exactly those disks that are not empty, and shows that they are empty then. */
export function wipeAll(contents: readonly Content[]): Step[] {
  const dirty = dirtyOf(contents)
  if (dirty.length === 0) return []
  const isLeft = (now: readonly Content[]): string | undefined => {
    const left = now.find((content) => !isBlank(content))
    return left && `not empty after wiping: ${contentText(left)}`
  }
  return [
    ...dirty.flatMap(wipeSteps),
    { kind: 'command', argv: ['udevadm', 'settle'] },
    verify(`nothing is left on ${pathsOf(dirty).join(', ')}`, lookAgain(pathsOf(dirty), identitiesOf(dirty), isLeft)),
  ]
}
