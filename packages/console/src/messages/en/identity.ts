/** Texts of the pages of identity. */
export const identity = {}
