/**
 * One random graph for every tool: N tasks, each with one input, one output and about two dependencies among the tasks
 * before it. The same seed gives the same graph everywhere.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Node {
  readonly name: string
  readonly needs: readonly string[]
}

export function randomGraph(size: number, independent = false): readonly Node[] {
  let seed = 42
  const next = (below: number): number => {
    seed = (seed * 1103515245 + 12345) % 2147483648
    return seed % below
  }
  return Array.from({ length: size }, (_, index) => {
    const name = `t${index}`
    if (independent || index === 0) return { name, needs: [] }
    const [one, other] = [`t${next(index)}`, `t${next(index)}`]
    if (one === other) return { name, needs: [one] }
    return { name, needs: one < other ? [one, other] : [other, one] }
  })
}

/** A hundred outputs share a folder: `out/7/t742`. */
export const bucketOf = (name: string): string => `out/${Math.floor(Number(name.slice(1)) / 100)}`
const outputOf = (name: string): string => `${bucketOf(name)}/${name}`

/** `in/` and `out/` with one file a task; the outputs newer than the inputs. */
export function writeFiles(folder: string, graph: readonly Node[], withOutputs: boolean): void {
  mkdirSync(join(folder, 'in'), { recursive: true })
  for (const { name } of graph) {
    mkdirSync(join(folder, bucketOf(name)), { recursive: true })
    writeFileSync(join(folder, 'in', name), name)
  }
  if (withOutputs) for (const { name } of graph) writeFileSync(join(folder, outputOf(name)), name)
}

/** `command` is what a task runs; `$out` in it stands for its output. */
export function writeNinja(folder: string, graph: readonly Node[], command: string): void {
  const builds = graph.map(
    ({ name, needs }) => `build ${outputOf(name)}: work in/${name} | ${needs.map((need) => outputOf(need)).join(' ')}`,
  )
  writeFileSync(join(folder, 'build.ninja'), `rule work\n  command = ${command}\n  restat = 1\n${builds.join('\n')}\n`)
}

export function writeMake(folder: string, graph: readonly Node[], command: string): void {
  const rules = graph.map(
    ({ name, needs }) =>
      `${outputOf(name)}: in/${name} ${needs.map((need) => outputOf(need)).join(' ')}\n\t@${command.replaceAll('$out', '$@')}`,
  )
  writeFileSync(
    join(folder, 'Makefile'),
    `all: ${graph.map(({ name }) => outputOf(name)).join(' ')}\n${rules.join('\n')}\n`,
  )
}

export function writeWireit(folder: string, graph: readonly Node[], command: string): void {
  const all = { dependencies: graph.map(({ name }) => name) }
  const wireit = Object.fromEntries(
    graph.map(({ name, needs }) => [
      name,
      {
        command: command.replaceAll('$out', outputOf(name)),
        dependencies: needs,
        files: [`in/${name}`],
        output: [outputOf(name)],
        clean: false,
      },
    ]),
  )
  const scripts = Object.fromEntries(['all', ...graph.map(({ name }) => name)].map((name) => [name, 'wireit']))
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'graph', version: '1.0.0', scripts, wireit: { all, ...wireit } }),
  )
}

export function writeMise(folder: string, graph: readonly Node[], command: string): void {
  const task = ({ name, needs }: Node): string =>
    [
      `[tasks.${name}]`,
      `run = ${JSON.stringify(command.replaceAll('$out', outputOf(name)))}`,
      `depends = ${JSON.stringify(needs)}`,
      `sources = ["in/${name}"]`,
      `outputs = ["${outputOf(name)}"]`,
    ].join('\n')
  writeFileSync(
    join(folder, 'mise.toml'),
    `${graph.map(task).join('\n')}\n[tasks.all]\ndepends = ${JSON.stringify(graph.map(({ name }) => name))}\n`,
  )
}
