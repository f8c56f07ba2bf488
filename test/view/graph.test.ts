import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Task } from '../../lib/engine/resource.ts'
import { dotText } from '../../lib/view/graph/dot.ts'
import { type GraphDocument, nodes } from '../../lib/view/graph/drawing.ts'
import { mermaidText } from '../../lib/view/graph/mermaid.ts'
import { treeText } from '../../lib/view/graph/tree.ts'
import { paint } from '../../lib/view/paint.ts'
import { statuses } from './samples.ts'
import { assertValid } from './schema.ts'

const nobody = () => Promise.resolve({ changes: [], refusals: [], notes: [], live: null })
const tasks: readonly Task[] = statuses.map(({ task, title, groups, needs }) => ({
  id: task,
  title,
  version: 1,
  groups,
  needs,
  inputs: {},
  resources: [
    { id: `a:${task}`, locks: [{ name: 'x', mode: 'shared' }], compare: nobody },
    { id: `b:${task}`, locks: [{ name: 'x', mode: 'exclusive' }], compare: nobody },
  ],
}))

const document = (withStatus: boolean): GraphDocument => ({
  format: 1,
  host: withStatus ? 'local' : null,
  config: 'c.json',
  targets: ['setup'],
  tasks: nodes(tasks, withStatus ? statuses : null),
})

test('tree: groups hold tasks, tasks what they need', () => {
  assert.is(
    treeText(document(false), paint(false)),
    `alone
setup
└── zfs
    ├── zfs:quickOS  pool quickOS
    └── storage
        └── storage:quickOS  storage on quickOS
            └── needs zfs:quickOS
`,
  )
})

test('tree: with status each task says how it stands, coloured', () => {
  const text = treeText(document(true), paint(true))
  assert.match(text, '\u001b[36m~\u001b[39m zfs:quickOS  \u001b[36minputs changed\u001b[39m: compression was off')
  assert.match(text, 'storage:quickOS  \u001b[33mdrifted\u001b[39m: content of storage:a')
})

test('dot: clusters, quoted names, arrows from what is needed', () => {
  const text = dotText(document(true))
  assert.match(text, /^digraph phx \{/)
  assert.match(text, 'subgraph cluster_0 {\n    label="setup"')
  assert.match(text, '    subgraph cluster_1 {\n      label="zfs"')
  assert.match(text, '"zfs:quickOS" -> "storage:quickOS"')
  assert.match(text, 'label="zfs:quickOS\\ninputs changed", fillcolor="#d5e8f7"')
})

test('dot: a quote or a line in a title ends neither the string nor the line', () => {
  const [first] = nodes(tasks.slice(0, 1), null)
  assert.ok(first)
  const text = dotText({ ...document(false), tasks: [{ ...first, title: 'a "b" \\ \nc' }] })
  assert.match(text, 'tooltip="a \\"b\\" \\\\ \\nc"')
})

test('mermaid: numbered nodes with labels', () => {
  const text = mermaidText(document(true))
  assert.match(text, 't0["zfs:quickOS · inputs changed"]')
  assert.match(text, 't0 --> t1')
  assert.match(text, 'style t1 fill:#fbeec2')
})

test('a guest is one branch, one cluster, one subgraph, within the guests; what it needs of the host stands outside', () => {
  const guest = ['vm:8101', 'guests']
  const [host] = nodes(tasks.slice(0, 1), null)
  assert.ok(host)
  const link = (name: string, needs: readonly string[]) => ({ ...host, task: `vm:8101:${name}`, groups: guest, needs })
  const drawn = [host, link('create', [host.task]), link('config', ['vm:8101:create'])]
  const graph = { ...document(false), tasks: drawn }
  assert.match(
    treeText(graph, paint(false)),
    /^guests\n└── vm:8101\n {4}├── vm:8101:create .*\n {4}│ {3}└── needs zfs:quickOS\n {4}└── vm:8101:config/m,
  )
  assert.match(
    dotText(graph),
    /label="guests"\n.*\n {4}subgraph cluster_3 \{\n {6}label="vm:8101"\n.*\n {6}"vm:8101:create".*\n {6}"vm:8101:config".*\n {4}\}\n {2}\}\n/,
  )
  assert.match(dotText(graph), '"zfs:quickOS" -> "vm:8101:create"')
  assert.match(
    mermaidText(graph),
    /subgraph g2 \["guests"\]\n {4}subgraph g3 \["vm:8101"\]\n {6}t1.*\n {6}t2.*\n {4}end\n {2}end/,
  )
})

test('drawings of the same graph are the same', () => {
  for (const draw of [dotText, mermaidText]) assert.is(draw(document(true)), draw(document(true)))
})

test('json: valid, with merged locks', () => {
  assertValid('graph', document(true))
  assert.equal(document(false).tasks[0]?.locks, [{ name: 'x', mode: 'exclusive' }])
})

test('an edge to a task that is not drawn is left out of the drawing', () => {
  const graph = { ...document(false), tasks: nodes(tasks.slice(1, 2), null) }
  assert.not.match(dotText(graph), '->')
  assert.not.match(mermaidText(graph), '-->')
})

test.run()
