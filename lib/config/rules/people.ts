/** Users, secrets, and what an NVIDIA driver needs to be installed. */
import type { Finding, Path } from '../problem.ts'
import { keyFault } from '../public-key.ts'
import { isSecretName, secretMend } from '../secret-fields.ts'
import { error, type Rule, type Spot } from '../spot.ts'

export const usersAreSound: Rule = function* (config) {
  const seen = new Set<string>()
  for (const user of config.get('users').itemsOrSelf()) {
    yield* shellFindings(user.get('shell'))
    const name = user.get('username')
    if (name.text === undefined) continue
    if (name.text === 'root') yield error(name, 'phx does not change root', 'declare an administrator of another name')
    if (seen.has(name.text)) yield error(name, 'this user is declared a second time', 'keep one of the two')
    seen.add(name.text)
  }
}

/** A colon ends the field in /etc/passwd, and no shell that anybody has bears a blank: usermod takes both as they come. */
function* shellFindings(shell: Spot): Iterable<Finding> {
  if (shell.text !== undefined && /[\s:]/.test(shell.text))
    yield error(shell, 'a shell with a blank or a colon in its path', 'the path alone, without arguments: "/bin/bash"')
}

/** Of users, and of those inside VMs. */
export const sshKeysAreWhole: Rule = function* (config) {
  const users = config.get('users').itemsOrSelf()
  const guests = config.get('guests')
  const vms = [guests.get('vm_defaults'), ...guests.get('vms').items()]
  for (const user of [...users, ...vms.map((vm) => vm.get('user_config'))]) {
    for (const spot of [user.get('ssh_public_key'), ...user.get('ssh_public_keys').items()]) {
      const [type = '', blob = ''] = (spot.text ?? '').trim().split(/\s+/)
      const fault = blob === '' ? undefined : keyFault({ type, blob })
      if (fault !== undefined)
        yield error(
          spot,
          `sshd would pass over this SSH key: ${fault}`,
          'copy the whole line of the .pub file once more; ssh-keygen -lf FILE.pub reads a whole one',
        )
    }
  }
}

/** Wherever a field is named like a secret, also in places that the schema doesn't know. */
export const secretsAreReferences: Rule = function* (config) {
  for (const path of literalSecrets(config.value, [])) {
    yield error(config.at(path), 'a secret must not stand in the config', secretMend(path))
  }
}

/** Walks the bare values: every run passes through all of them, and nearly none is a secret. */
function literalSecrets(value: unknown, path: Path): Path[] {
  if (typeof value !== 'object' || value === null) return []
  const steps = Array.isArray(value) ? value.keys() : Object.keys(value)
  return [...steps].flatMap((step) => {
    const inner = (value as Record<string | number, unknown>)[step]
    const isLiteral = typeof inner === 'number' || (typeof inner === 'string' && inner !== '' && inner !== 'NOT_SET')
    if (isLiteral) return typeof step === 'string' && isSecretName(step) ? [[...path, step]] : []
    return literalSecrets(inner, [...path, step])
  })
}

export const driverHasSource: Rule = function* (config) {
  const driver = config.get('nvidia_driver')
  if (driver.get('install').value !== true) return
  if (!driver.get('version').isPresent)
    yield error(driver, 'the driver has no version', 'add "version", such as "580.76.05"')
  const places = ['runfile_url', 'runfile_path'].filter((name) => driver.get(name).isPresent)
  if (driver.get('source').text === 'apt') {
    for (const name of places)
      yield error(driver.get(name), 'apt needs no runfile', `remove it, or write "source": "runfile"`)
    return
  }
  if (places.length === 0) yield error(driver, 'the driver has no runfile', 'add "runfile_url" or "runfile_path"')
  if (places.length === 2)
    yield error(driver.get('runfile_path'), 'the runfile is named twice', 'keep one of runfile_url and runfile_path')
  if (!driver.get('runfile_sha256').isPresent) {
    yield error(
      driver,
      'the runfile has no checksum, and phx runs nothing unchecked',
      'add "runfile_sha256": sha256sum FILE prints it',
    )
  }
}
