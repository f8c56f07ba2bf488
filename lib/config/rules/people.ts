/** Users, secrets, and what an NVIDIA driver needs to be installed. */
import type { Path } from '../problem.ts'
import { isSecretName, secretMend } from '../secret-fields.ts'
import { error, type Rule } from '../spot.ts'

export const usersAreSound: Rule = function* (config) {
  const seen = new Set<string>()
  for (const user of config.get('users').itemsOrSelf()) {
    const name = user.get('username')
    if (name.text === undefined) continue
    if (name.text === 'root') yield error(name, 'phx does not change root', 'declare an administrator of another name')
    if (seen.has(name.text)) yield error(name, 'this user is declared a second time', 'keep one of the two')
    seen.add(name.text)
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
