/** ss(8) as far as it lists established TCP connections with their programs. */
import { answer, NotSimulated, type Tool } from '../tool.ts'
import { firewallIn } from './state.ts'

export const ss: Tool = (state, { args }) => {
  if (args.join(' ') !== '-Htnp state established') throw new NotSimulated(`ss ${args.join(' ')}`)
  const lines = firewallIn(state).connections.map(
    ({ program, local, peer }, index) =>
      `0      0      ${local.padEnd(24)} ${peer.padEnd(24)} users:(("${program}",pid=${1200 + index},fd=4))\n`,
  )
  return answer(0, lines.join(''))
}
