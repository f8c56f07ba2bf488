/** Tools that run others: env, and the one shell line that phx uses; and curl, for what `sim serve` offers. */
import { has, optionValue, readOptions } from '../disk-tools/options.ts'
import { writeText } from '../filesystem.ts'
import { runInstaller } from '../nvidia/installer.ts'
import { answer, NotSimulated, type Tool } from '../tool.ts'
import { callTool, hasTool, isKnownTool } from '../tools.ts'
import { setParameter } from './parameters.ts'
import { runProgram } from './program.ts'

/** Settings before the command change nothing of what is simulated. */
export const env: Tool = (state, { args, stdin }) => {
  const start = args.findIndex((word) => !/^[A-Za-z_]\w*=/.test(word))
  if (start < 0) throw new NotSimulated('env without a command')
  const [name = ''] = args.slice(start)
  if (isKnownTool(name) && !hasTool(state, name))
    return answer(127, '', `env: \u2018${name}\u2019: No such file or directory\n`)
  return callTool(state, args.slice(start), stdin)
}

/** NVIDIA's installer, a script, or a value for where only the kernel listens (lib/resources/system/arc.ts): nothing else of the shell is simulated. */
export const sh: Tool = (state, { args }) => {
  const ran = runInstaller(state, args[0] ?? '', args.slice(1)) ?? runProgram(state, ['sh', ...args])
  if (ran) return ran
  const [flag, script, , value = '', path = ''] = args
  if (flag !== '-c' || script !== 'echo "$1" >"$2"') throw new NotSimulated(`sh ${flag} ${script}`)
  const fault = setParameter(state, path, value)
  if (fault === undefined) return answer(2, '', `sh: 1: cannot create ${path}: Directory nonexistent\n`)
  return fault === null ? answer(0) : answer(1, '', `sh: 1: echo: I/O error\n`)
}

export const curl: Tool = (state, { args }) => {
  const options = readOptions('curl', args, [
    '-f --fail',
    '-s --silent',
    '-S --show-error',
    '-L --location',
    '--proto=',
    '-o --output=',
    '--max-time=',
    '--retry=',
    '-I --head',
  ])
  const [url = ''] = options.operands
  const text = state.system?.served?.[url]
  if (text === undefined) return answer(6, '', `curl: (6) Could not resolve host: ${url.split('/')[2] ?? url}\n`)
  if (has(options, '-I')) return answer(0, `HTTP/2 200 \r\ncontent-length: ${text.length}\r\n\r\n`)
  const output = optionValue(options, '-o')
  if (output === undefined) return answer(0, text)
  const fault = writeText(state, output, text)
  return fault === null ? answer(0) : answer(23, '', `curl: (23) client returned ERROR on write\n`)
}
