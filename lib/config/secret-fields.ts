/** Which fields hold secrets, so that no message quotes them and no literal passes. */
import type { Path } from './problem.ts'

const SECRET_NAME =
  /^([^:]*_)?(password|passwd|passphrase|secret|token|api_?key|private_key|password_hash|cipassword)$/i
/** No secrets, but where a private key or a password lands by mistake: what stands there is not quoted either. */
const MISTAKEN_NAME = /^(username|ssh_public_keys?)$/
const SECRET_PROPERTY = /password|passwd|passphrase|secret|token|api[-_.]?key/i

export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name)
}

/** A user property of ZFS (it has a colon) that says of itself that it holds a secret: `org:smb-password`. */
export function isSecretProperty(name: string): boolean {
  return name.includes(':') && SECRET_PROPERTY.test(name)
}

/** Whether the place is such a field, or inside one, where somebody may have put the secret instead of its place. */
export function holdsSecret(path: Path): boolean {
  return path.some(
    (step) => typeof step === 'string' && (isSecretName(step) || MISTAKEN_NAME.test(step) || isSecretProperty(step)),
  )
}

export function secretMend(path: Path): string {
  const name = path.findLast((step) => typeof step === 'string') ?? 'secret'
  return (
    `put it into a file that only root can read and write {"file": "/etc/phx/secrets/${name}"} here; ` +
    `{"env": …}, {"credential": …} and {"command": […]} work too`
  )
}
