// What a site does with the types that GraphQL Code Generator writes from a server's schema. It
// is compiled, not run: every line that must not compile says so.
import type { ArticleInput, EnterMutation, PageQuery, PageQueryVariables } from './operations.js';
import type { Mutation, Query } from './schema.js';

export const asked: PageQueryVariables = {
  page: 2,
  filters: { title: { containsi: 'a' }, author: { name: { eq: 'Ada' } }, or: [{ views: { gt: 1 } }] },
};

// @ts-expect-error there is no such operator
export const wrong: PageQueryVariables = { filters: { title: { contians: 'a' } } };

export const written: ArticleInput = { title: 'One', tags: ['a'], cover: '1' };

export function titles(page: PageQuery): string[] {
  return page.articles.map((article) => {
    const first = article?.sections?.[0];
    const text = first?.__typename === 'ComponentBlocksQuote' ? first.text : '';
    return `${article?.title} by ${article?.author?.name}: ${text}`;
  });
}

export function total(page: PageQuery): number {
  // @ts-expect-error it was not asked for
  page.homepage?.documentId;
  return page.articles_connection?.pageInfo.total ?? 0;
}

export function token(entered: EnterMutation): string | null | undefined {
  return entered.login.jwt;
}

export type Fields = keyof Query | keyof Mutation;
export const fields: Fields[] = ['articles_connection', 'uploadFiles', 'me', 'deleteTag'];
