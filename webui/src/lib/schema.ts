// The part of JSON Schema that forms are made of. What it does not know becomes a JSON field, never an error.
export interface Schema {
  type?: string | string[]
  title?: string
  description?: string
  properties?: Record<string, Schema>
  required?: string[]
  enum?: unknown[]
  const?: unknown
  default?: unknown
  minimum?: number
  maximum?: number
  items?: Schema
  deprecated?: boolean
  readOnly?: boolean
  [more: string]: unknown
}

export interface FormField { name: string; kind: 'string' | 'number' | 'boolean' | 'enum' | 'list' | 'json'; title: string; hint?: string; required: boolean; fallback?: unknown; choices?: unknown[]; min?: number; max?: number; whole?: boolean }

/** The fields of an object's schema in its order. Texts may stand in two languages as title and title_zh. */
export function fields(schema: Schema | null | undefined, lang: string): FormField[] {
  const out: FormField[] = []
  for (const [name, s] of Object.entries(schema?.properties ?? {})) {
    const text = (key: string): string | undefined => {
      const own = lang === 'zh-CN' ? s[key + '_zh'] ?? s['x-' + key + '-zh'] : undefined
      return typeof own === 'string' ? own : typeof s[key] === 'string' ? (s[key] as string) : undefined
    }
    const f: FormField = { name, kind: kind(s), title: text('title') ?? name, required: schema?.required?.includes(name) ?? false }
    const hint = text('description')
    if (hint) f.hint = hint
    if (s.default !== undefined) f.fallback = s.default
    if (Array.isArray(s.enum)) f.choices = s.enum.filter((x) => ['string', 'number', 'boolean'].includes(typeof x))
    if (typeof s.minimum === 'number') f.min = s.minimum
    if (typeof s.maximum === 'number') f.max = s.maximum
    if (s.type === 'integer') f.whole = true
    out.push(f)
  }
  return out
}

function kind(s: Schema): FormField['kind'] {
  if (Array.isArray(s.enum) && s.enum.every((x) => ['string', 'number', 'boolean'].includes(typeof x))) return 'enum'
  switch (s.type) {
    case 'string': return 'string'
    case 'integer': case 'number': return 'number'
    case 'boolean': return 'boolean'
    case 'array': return s.items?.type === 'string' && !s.items.enum ? 'list' : 'json'
  }
  return 'json'
}
