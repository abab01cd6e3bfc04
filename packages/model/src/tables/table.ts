/** What all tables of the data plane have in common: rows by name, and every row has every column. */

type Row = Readonly<Record<string, unknown>>
export type Table = Readonly<Record<string, Row>>

/** The names of a table's rows, in its order: what a configuration may say there. */
export const namesOf = <T extends object>(table: T): readonly [keyof T & string, ...(keyof T & string)[]] =>
  Object.keys(table) as [keyof T & string, ...(keyof T & string)[]]

/** Every `row.column` that is not there, although another row of the table has the column. */
export function missingColumns(table: Table): string[] {
  const columns = new Set(Object.values(table).flatMap((row) => Object.keys(row)))
  return Object.entries(table).flatMap(([name, row]) =>
    [...columns].filter((column) => row[column] === undefined).map((column) => `${name}.${column}`),
  )
}
