/** The properties that `-o` of list, or the first argument of get, names. */
import type { Dataset } from '../model.ts'
import { NotSimulated } from '../tool.ts'
import { type Sourced, userProperty } from './inheritance.ts'
import { findProperty, isQuotaProperty, isUserProperty, type PropertyRow } from './property-table.ts'
import { propertyOf, shown, type View } from './values.ts'

/** A native property or the name of a user's own. */
export type Column = { readonly row: PropertyRow } | { readonly user: string }

export const columnName = (column: Column): string => ('row' in column ? column.row.name : column.user)

const spaceColumns = 'name,avail,used,usedbysnapshots,usedbydataset,usedbyrefreservation,usedbychildren'

/** The columns, or what is wrong with the list. */
export function parseColumns(text: string): readonly Column[] | string {
  if (text === '') return 'bad property list: no properties specified'
  const columns: Column[] = []
  for (const name of text.split(',').flatMap((word) => (word === 'space' ? spaceColumns.split(',') : [word]))) {
    const row = findProperty(name)
    if (row !== undefined) columns.push({ row })
    else if (isUserProperty(name)) columns.push({ user: name })
    else if (isQuotaProperty(name)) throw new NotSimulated(`zfs property ${name}`)
    else return `bad property list: invalid property '${name}'`
  }
  return columns
}

/** What stands in a column for a dataset, in exact form. Null: there is nothing. */
export const inColumn = (view: View, dataset: Dataset, column: Column): Sourced | null =>
  'row' in column ? propertyOf(view, dataset, column.row) : userProperty(view.lookup, dataset, column.user)

export const shownInColumn = (column: Column, value: string, exact: boolean): string =>
  'row' in column ? shown(column.row, value, exact) : value
