// What a site does with the official client and the types that `cms types --ts` writes. It is
// compiled, not run: every line that must not compile says so.
import { strapi } from '@strapi/client';
import type { Article, ArticleInput, Author, Collections, Homepage, Singles } from './model.js';

const client = strapi({ baseURL: 'http://127.0.0.1/api' });

// One function for every collection.
async function list<Name extends keyof Collections>(
  name: Name,
): Promise<Collections[Name]['entry'][]> {
  const { data } = await client.collection(name as string).find({ populate: '*' });
  return data as Collections[Name]['entry'][];
}

export async function titles(): Promise<string[]> {
  const articles: Article[] = await list('articles');
  return articles.map((article) => article.title ?? article.documentId);
}

export async function write(input: ArticleInput): Promise<Article> {
  const articles = client.collection('articles');
  const made = await articles.create(input);
  const changed: ArticleInput = { ...input, title: 'Another' };
  const { data } = await articles.update(made.data.documentId, changed);
  return data as Article;
}

export async function home(): Promise<Homepage> {
  const { data } = await client.single('homepage' satisfies keyof Singles).find();
  return data as Homepage;
}

export function sections(article: Article): string[] {
  const author: Author | null | undefined = article.author;
  const parts = (article.sections ?? []).map((section) => section.__component);
  return [author?.name ?? '', ...parts];
}

// @ts-expect-error There is no such attribute.
export const misspelt: ArticleInput = { titel: 'x' };
// @ts-expect-error It is a text.
export const number: ArticleInput = { title: 1 };
// @ts-expect-error None of its values.
export const poem: ArticleInput = { kind: 'poem' };
