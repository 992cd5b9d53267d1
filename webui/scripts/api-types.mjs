// Writes src/api/types.ts from the admin API's document:
//   node scripts/api-types.mjs [--check] [../host/admin/openapi.json]
// --check writes nothing and fails where the file is not what would be written.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const args = process.argv.slice(2)
const check = args[0] === '--check' && Boolean(args.shift())
const source = args[0] ?? fileURLToPath(new URL('../../host/admin/openapi.json', import.meta.url))
const target = fileURLToPath(new URL('../src/api/types.ts', import.meta.url))
const { schemas } = JSON.parse(readFileSync(source, 'utf8')).components

function type(s) {
  if (!s || Object.keys(s).length === 0 || s === true) return 'unknown'
  if (s.$ref) return s.$ref.split('/').pop()
  if (s.const !== undefined) return JSON.stringify(s.const)
  if (s.enum) return s.enum.map((v) => JSON.stringify(v)).join(' | ')
  if (s.oneOf || s.anyOf) return (s.oneOf ?? s.anyOf).map(type).join(' | ')
  if (s.allOf) return s.allOf.map(type).join(' & ')
  if (Array.isArray(s.type)) return s.type.map((t) => (t === 'null' ? 'null' : type({ ...s, type: t }))).join(' | ')
  switch (s.type) {
    case 'null': return 'null'
    case 'string': return 'string'
    case 'integer': case 'number': return 'number'
    case 'boolean': return 'boolean'
    case 'array': { const t = type(s.items); return /[|&]/.test(t) ? `(${t})[]` : `${t}[]` }
    case 'object':
      if (s.properties) return `{ ${Object.entries(s.properties).map(([k, v]) => property(s, k, v)).join('; ')} }`
      return s.additionalProperties && s.additionalProperties !== true ? `Record<string, ${type(s.additionalProperties)}>` : 'Record<string, unknown>'
  }
  return 'unknown'
}

const property = (s, k, v) => `${/^\w+$/.test(k) ? k : JSON.stringify(k)}${s.required?.includes(k) ? '' : '?'}: ${type(v)}`
const note = (text, indent = '') => (text ? `${indent}/** ${text.replace(/\s+/g, ' ').replaceAll('*/', '* /')} */\n` : '')

let out = '// Made from host/admin/openapi.json by scripts/api-types.mjs. Do not edit.\n'
for (const [name, s] of Object.entries(schemas).sort(([a], [b]) => (a < b ? -1 : 1))) {
  out += '\n' + note(s.description)
  if (s.properties) {
    out += `export interface ${name} {\n`
    for (const [k, v] of Object.entries(s.properties)) out += note(v.description, '  ') + `  ${property(s, k, v)}\n`
    out += '}\n'
  } else out += `export type ${name} = ${type(s)}\n`
}
if (check) {
  if (readFileSync(target, 'utf8') !== out) {
    console.error('src/api/types.ts is not what host/admin/openapi.json says; run: npm run types')
    process.exit(1)
  }
} else writeFileSync(target, out)
