/** Texts of the pages of compute. */
export const compute = {}
