// The order of channels after one was moved.
export interface Place { name: string; priority: number }

/**
 * The new places after a move to another position. The file's order counts within a priority only, so a channel that now
 * stands among those of another priority takes the one of its new neighbours: of the one above it, at the top of the one below.
 */
export function drop(before: Place[], names: string[], moved: string): Place[] {
  const priority = new Map(before.map((p) => [p.name, p.priority]))
  const at = names.indexOf(moved)
  const above = at > 0 ? priority.get(names[at - 1]!)! : undefined
  const below = at + 1 < names.length ? priority.get(names[at + 1]!)! : undefined
  const own = priority.get(moved)!
  const fits = (above === undefined || above <= own) && (below === undefined || own <= below)
  return names.map((name) => ({ name, priority: name === moved && !fits ? (above ?? below ?? own) : priority.get(name)! }))
}
