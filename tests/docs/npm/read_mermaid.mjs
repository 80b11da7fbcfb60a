// Reads every file given with Mermaid itself, and prints as JSON what it found in each: boxes,
// arrows and groups, by file. Exits with 1 where Mermaid refuses one.

import fs from 'node:fs'
import { JSDOM } from 'jsdom'

const { window } = new JSDOM('')
globalThis.window = window
globalThis.document = window.document

const { default: mermaid } = await import('mermaid')
mermaid.initialize({ startOnLoad: false })
const { maxEdges, maxTextSize } = mermaid.mermaidAPI.getConfig()

// Mermaid keeps `#34;` in a form of its own until it draws the text.
const shown = (text) => text.replace(/ﬂ°°(\d+)¶ß/g, (_, code) => String.fromCodePoint(Number(code)))

async function read(text) {
  await mermaid.parse(text)
  const { db } = await mermaid.mermaidAPI.getDiagramFromText(text)
  return {
    boxes: [...db.getVertices().values()].map((box) => [box.id, shown(box.text), box.type]),
    arrows: db.getEdges().map((edge) => [edge.start, edge.end]),
    groups: db.getSubGraphs().map((group) => [group.id, shown(group.title), group.nodes]),
  }
}

const charts = {}
for (const path of process.argv.slice(2)) {
  try {
    charts[path] = await read(fs.readFileSync(path, 'utf8'))
  } catch (error) {
    process.exitCode = 1
    console.error(`${path}: ${error.message}`)
  }
}
console.log(JSON.stringify({ limits: { maxEdges, maxTextSize }, charts }))
