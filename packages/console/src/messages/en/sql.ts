/** Texts of the pages of sql. */
export const sql = {
  endedBeforeAnswer: 'The SQL session ended before the answer came.',
}
