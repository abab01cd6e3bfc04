/** Tables: a caption, heads of columns, the first cell of a row is its head. The order is that of the rows, and stays. */
import type { ComponentChildren } from 'preact'

export interface Column {
  readonly name: string
  /** Of numbers: to the right. */
  readonly isNumber?: boolean
}
export interface Row {
  /** The same for the same thing: what is in a row stays where it is. */
  readonly key: string
  readonly cells: readonly ComponentChildren[]
}
export interface TableProps {
  readonly caption: ComponentChildren
  readonly label: string
  readonly columns: readonly Column[]
  readonly rows: readonly Row[]
  readonly empty: ComponentChildren
  /** Sentences below the rows. */
  readonly below?: readonly string[]
}

export function Table({ caption, label, columns, rows, empty, below = [] }: TableProps) {
  const kind = (at: number): string | undefined => (columns[at]?.isNumber ? 'number' : undefined)
  return (
    <section class="table" aria-label={label}>
      <h2>{caption}</h2>
      {rows.length === 0 ? (
        <p class="empty">{empty}</p>
      ) : (
        // On a narrow screen it moves sideways, with the keyboard too.
        <div class="moves" role="group" aria-label={`${label}, table`} tabIndex={0}>
          <table>
            <thead>
              <tr>
                {columns.map(({ name }, at) => (
                  <th key={name} scope="col" class={kind(at)}>
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map(({ key, cells: [head, ...cells] }) => (
                <tr key={key}>
                  <th scope="row">{head}</th>
                  {cells.map((cell, at) => (
                    <td key={columns[at + 1]?.name} class={kind(at + 1)}>
                      {cell}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {below.map((text) => (
        <p key={text} class="empty">
          {text}
        </p>
      ))}
    </section>
  )
}
