// Maps of one comparison know of each other: they share a tool, and the molecule pointed at in one lights up in all.
// Every map of a page is made by the same module, so that a list here is all it takes: no event, no word to the server.

const FINER = 0.7, groups = new Map(), nobody = new Set();

/** The group of that name: its maps, and the tool in hand. */
export function group(name) {
  if (!groups.has(name)) groups.set(name, { maps: new Set(), tool: "lasso" });
  return groups.get(name);
}

/** Put a map into the group of that name and into no other; "" is none. */
export function link(map, name) {
  if (map.group === name) return;
  unlink(map);
  map.group = name;
  map.view.dot = name ? FINER : 1;
  if (!name) return;
  group(name).maps.add(map);
  map.take(group(name).tool);
}

/** Take a map out of its group; a molecule that it lit up elsewhere goes out. */
export function unlink(map) {
  if (!map.group) return;
  light(map, -1);
  group(map.group).maps.delete(map);
  map.group = "";
}

/** Light up a molecule, -1 for none, in the other maps of the group. */
export function light(map, row) {
  for (const other of map.group ? group(map.group).maps : nobody) if (other !== map) other.echo(row);
}

/** The maps of a group as they stand on the page, row by row. */
export function inOrder(name) {
  const at = map => map.root.getBoundingClientRect();
  return [...group(name).maps].sort((a, b) => Math.abs(at(a).top - at(b).top) > 40 ? at(a).top - at(b).top : at(a).left - at(b).left);
}
