/** Of a node of a document. */
interface Place {
  readonly roles: readonly string[]
  readonly coordinator?: boolean | undefined
}
/** Whether it is to be a coordinator: directors, unless an operator said otherwise, and whoever an operator named. */
export const mayCoordinate = ({ roles, coordinator }: Place): boolean => coordinator ?? roles.includes('director')
