/** Which fields hold secrets, so that no message quotes them and no literal passes. */
import type { Path } from './problem.ts'

const SECRET_NAME = /(^|_)(password|passwd|passphrase|secret|token|api_key|password_hash|cipassword)$/i

export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name)
}

/** Whether the place is such a field, or inside one, where somebody may have put the secret instead of its place. */
export function holdsSecret(path: Path): boolean {
  return path.some((step) => typeof step === 'string' && isSecretName(step))
}

export function secretMend(path: Path): string {
  const name = path.findLast((step) => typeof step === 'string') ?? 'secret'
  return (
    `put it into a file that only root can read and write {"file": "/etc/phx/secrets/${name}"} here; ` +
    `{"env": …}, {"credential": …} and {"command": […]} work too`
  )
}
