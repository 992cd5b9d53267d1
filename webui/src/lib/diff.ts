// Line differences: by longest common subsequence for two texts of ours, and the server's unified diffs read back.
export interface Line { kind: ' ' | '+' | '-' | '@'; text: string; old?: number; new?: number }

/** The lines of b against a. Texts whose middle part is beyond 4 million comparisons are shown as replaced whole. */
export function diffLines(a: string, b: string): Line[] {
  const x = a.split('\n')
  const y = b.split('\n')
  let start = 0
  while (start < x.length && start < y.length && x[start] === y[start]) start++
  let endX = x.length
  let endY = y.length
  while (endX > start && endY > start && x[endX - 1] === y[endY - 1]) { endX--; endY-- }
  const out: Line[] = []
  const same = (i: number, j: number): void => { out.push({ kind: ' ', text: x[i]!, old: i + 1, new: j + 1 }) }
  for (let i = 0; i < start; i++) same(i, i)
  const n = endX - start
  const m = endY - start
  let i = 0
  let j = 0
  if (n * m <= 4_000_000) {
    const w = m + 1
    const table = new Uint32Array((n + 1) * w)
    for (let p = n - 1; p >= 0; p--) for (let q = m - 1; q >= 0; q--) table[p * w + q] = x[start + p] === y[start + q] ? table[(p + 1) * w + q + 1]! + 1 : Math.max(table[(p + 1) * w + q]!, table[p * w + q + 1]!)
    while (i < n && j < m) {
      if (x[start + i] === y[start + j]) same(start + i++, start + j++)
      else if (table[(i + 1) * w + j]! >= table[i * w + j + 1]!) out.push({ kind: '-', text: x[start + i]!, old: start + ++i })
      else out.push({ kind: '+', text: y[start + j]!, new: start + ++j })
    }
  }
  while (i < n) out.push({ kind: '-', text: x[start + i]!, old: start + ++i })
  while (j < m) out.push({ kind: '+', text: y[start + j]!, new: start + ++j })
  for (let k = 0; k < x.length - endX; k++) same(endX + k, endY + k)
  return out
}

/** Only what changed, with some lines around it and a mark where lines were left out. */
export function around(lines: Line[], context = 3): Line[] {
  const near = new Set<number>()
  lines.forEach((l, i) => { if (l.kind !== ' ') for (let k = i - context; k <= i + context; k++) near.add(k) })
  const out: Line[] = []
  lines.forEach((l, i) => {
    if (near.has(i)) out.push(l)
    else if (i > 0 && near.has(i - 1)) out.push({ kind: '@', text: '' })
  })
  while (out.at(-1)?.kind === '@') out.pop()
  return out
}

/** A unified diff, as the server sends it, in lines. */
export function readUnified(text: string): Line[] {
  const out: Line[] = []
  let o = 0
  let n = 0
  for (const line of text.replace(/\n$/, '').split('\n')) {
    const hunk = /^@@ -(\d+)(?:,\d+)? \+(\d+)/.exec(line)
    if (hunk) {
      o = Number(hunk[1])
      n = Number(hunk[2])
      if (out.length) out.push({ kind: '@', text: '' })
    } else if (o === 0 && n === 0) continue // the file names
    else if (line.startsWith('+')) out.push({ kind: '+', text: line.slice(1), new: n++ })
    else if (line.startsWith('-')) out.push({ kind: '-', text: line.slice(1), old: o++ })
    else if (line.startsWith(' ') || line === '') out.push({ kind: ' ', text: line.slice(1), old: o++, new: n++ })
  }
  return out
}

/**
 * Joins mine and theirs, both made from base. Lines that only one side changed are taken; where both changed the same
 * lines differently, both stand between marks and conflicts counts them.
 */
export function merge(base: string, mine: string, theirs: string): { text: string; conflicts: number } {
  const b = base.split('\n')
  const m = changes(base, mine)
  const t = changes(base, theirs)
  const out: string[] = []
  let conflicts = 0
  let at = 0
  let i = 0
  let j = 0
  while (i < m.length || j < t.length) {
    let from = Math.min(m[i]?.from ?? Infinity, t[j]?.from ?? Infinity)
    let to = from
    out.push(...b.slice(at, from))
    const a0 = i
    const c0 = j
    // Everything that touches, on either side, is one place.
    for (let grown = true; grown; ) {
      grown = false
      while (i < m.length && m[i]!.from <= to) { to = Math.max(to, m[i++]!.to); grown = true }
      while (j < t.length && t[j]!.from <= to) { to = Math.max(to, t[j++]!.to); grown = true }
    }
    const own = apply(b, from, to, m.slice(a0, i))
    const other = apply(b, from, to, t.slice(c0, j))
    if (i === a0) out.push(...other)
    else if (j === c0 || own.join('\n') === other.join('\n')) out.push(...own)
    else {
      conflicts++
      out.push('<<<<<<< mine', ...own, '=======', ...other, '>>>>>>> theirs')
    }
    at = to
  }
  out.push(...b.slice(at))
  return { text: out.join('\n'), conflicts }
}

interface Change { from: number; to: number; lines: string[] }

function changes(a: string, b: string): Change[] {
  const out: Change[] = []
  let at = 0
  let open: Change | undefined
  for (const l of diffLines(a, b)) {
    if (l.kind === ' ') {
      open = undefined
      at++
      continue
    }
    if (!open) out.push((open = { from: at, to: at, lines: [] }))
    if (l.kind === '-') open.to = ++at
    else open.lines.push(l.text)
  }
  return out
}

function apply(b: string[], from: number, to: number, list: Change[]): string[] {
  const out: string[] = []
  let at = from
  for (const c of list) {
    out.push(...b.slice(at, c.from), ...c.lines)
    at = c.to
  }
  return [...out, ...b.slice(at, to)]
}
