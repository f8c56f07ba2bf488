/** visudo, which only checks here. The grammar is sudoers(5)'s as far as drop-ins and Debian's /etc/sudoers use it. */
import { has, optionValue, readOptions } from '../disk-tools/options.ts'
import { namesIn } from '../filesystem.ts'
import type { SimState } from '../model.ts'
import { answer, NotSimulated, type Tool } from '../tool.ts'

const main = '/etc/sudoers'

export const visudo: Tool = (state, { args, stdin }) => {
  const options = readOptions('visudo', args, [
    '-c --check',
    '-f --file=',
    '-q --quiet',
    '-s --strict',
    '-O --owner',
    '-P --perms',
  ])
  if (!has(options, '-c')) throw new NotSimulated('visudo without -c')
  const quiet = has(options, '-q')
  const file = optionValue(options, '-f')
  const texts =
    file === undefined ? included(state) : [{ path: file, text: file === '-' ? stdin : textAt(state, file) }]
  const complaints = texts.flatMap(({ path, text }) => {
    if (text === undefined) return [`visudo: unable to open ${path}: No such file or directory\n`]
    const shown = path === '-' ? 'stdin' : path
    return syntaxError(text).map((error) => `${shown}:${error}`)
  })
  // Owner and mode count only without -f (facts, host-tools.md 4.7); the texts are visudo's of sudo 1.9.16.
  if (file === undefined) complaints.push(...texts.flatMap(({ path }) => guarded(state, path)))
  if (complaints.length > 0) return answer(1, '', quiet ? '' : complaints.join(''))
  const ok = texts.map(({ path }) => `${path === '-' ? 'stdin' : path}: parsed OK\n`)
  return answer(0, quiet ? '' : ok.join(''))
}

const textAt = (state: SimState, path: string): string | undefined =>
  state.files[path]?.type === 'file' ? state.files[path]?.content : undefined

/** Names with a dot in them or a tilde at the end are left out (sudoers(5), @includedir). */
function included(state: SimState): { path: string; text: string | undefined }[] {
  const text = textAt(state, main)
  const folders = [...(text ?? '').matchAll(/^[@#]includedir\s+(\S+)/gm)].map(([, folder]) => folder ?? '')
  const paths = folders.flatMap((folder) =>
    namesIn(state, folder)
      .filter((name) => !name.includes('.') && !name.endsWith('~'))
      .map((name) => `${folder}/${name}`),
  )
  return [{ path: main, text }, ...paths.map((path) => ({ path, text: textAt(state, path) }))]
}

function guarded(state: SimState, path: string): string[] {
  const file = state.files[path]
  if (file === undefined) return []
  if ((file.uid ?? 0) !== 0 || (file.gid ?? 0) !== 0) return [`${path}: wrong owner (uid, gid) should be (0, 0)\n`]
  return file.mode === 0o440 ? [] : [`${path}: bad permissions, should be mode 0440\n`]
}

interface Token {
  readonly text: string
  /** From 1, as the message counts. */
  readonly column: number
}

/** `1:16: syntax error`, the line, and a mark under the word; empty when the text is sound. */
function syntaxError(text: string): string[] {
  const lines = text.replace(/\\\n/g, '  ').split('\n')
  return lines.flatMap((line, index) => {
    const bare = line.replace(/(^|\s)#(?!\d|include).*$/, '$1')
    const wrong = wrongToken(tokensOf(bare), bare.length)
    if (wrong === null) return []
    const mark = `${' '.repeat(wrong.column - 1)}^${'~'.repeat(Math.max(0, wrong.text.length - 1))}`
    return [`${index + 1}:${wrong.column}: syntax error\n${line}\n${mark}\n`]
  })
}

const tag = '(?:NO)?(?:PASSWD|SETENV|EXEC|FOLLOW|INTERCEPT|MAIL|LOG_INPUT|LOG_OUTPUT):'
const token = new RegExp(`"[^"]*"|${tag}|[=,():!]|[^\\s=,():!]+`, 'g')

const tokensOf = (line: string): Token[] =>
  [...line.matchAll(token)].map((match) => ({
    text: match[0],
    column: match.index + 1,
  }))

const isWord = (one: Token | undefined): one is Token => one !== undefined && !/^[=,():]$/.test(one.text)
const isTag = (one: Token | undefined): boolean => /^[A-Z_]+:$/.test(one?.text ?? '')

/** The first token that can't stand where it stands. */
function wrongToken(tokens: readonly Token[], end: number): Token | null {
  const [first] = tokens
  if (first === undefined || /^(Defaults|[@#]include)/.test(first.text)) return null
  if (/^(User|Runas|Host|Cmnd|Cmd)_Alias$/.test(first.text))
    return isWord(tokens[1]) && tokens[2]?.text === '=' && isWord(tokens[3]) ? null : (tokens[2] ?? first)
  let at = 0
  const wrong = (): Token => tokens[at] ?? { text: '', column: end + 1 }
  /** Words with commas between them; false at what is no word. */
  const list = (): boolean => {
    for (;;) {
      while (tokens[at]?.text === '!') at++
      if (!isWord(tokens[at]) || isTag(tokens[at])) return false
      at++
      if (tokens[at]?.text !== ',') return true
      at++
    }
  }
  if (!list() || !list() || tokens[at]?.text !== '=') return wrong()
  at++
  if (tokens[at]?.text === '(') {
    at++
    if (tokens[at]?.text !== ')' && tokens[at]?.text !== ':' && !list()) return wrong()
    if (tokens[at]?.text === ':') {
      at++
      if (!list()) return wrong()
    }
    if (tokens[at]?.text !== ')') return wrong()
    at++
  }
  while (isTag(tokens[at])) at++
  // What follows is a command and its arguments, in which nearly everything may stand.
  return isWord(tokens[at]) ? null : wrong()
}
