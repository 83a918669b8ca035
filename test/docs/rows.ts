/** The rows of the tables in a section of a page, each as its cells; `heading` is the whole line. */
export function rowsOf(page: string, heading: string): string[][] {
  const lines = page.split('\n')
  const start = lines.indexOf(heading)
  if (start < 0) throw new Error(`The page has no section ${heading}`)
  const level = heading.indexOf(' ')
  const length = lines.slice(start + 1).findIndex((line) => /^#+ /.test(line) && line.indexOf(' ') <= level)
  const section = lines.slice(start + 1, length < 0 ? undefined : start + 1 + length)
  return section
    .filter(
      (line, i) => line.startsWith('|') && !/^\|[-| ]+\|$/.test(line) && !/^\|[-| ]+\|$/.test(section[i + 1] ?? ''),
    )
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    )
}
