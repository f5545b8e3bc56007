import type { RenderedMessage } from '@tocsin/core';
import type { MessengerOptions, UtilityTemplate } from './messenger-options.ts';

/** What Meta takes as the title of a quick reply, and how many of them. */
const maxTitle = 20;
const maxQuickReplies = 13;

/**
 * A free message, allowed only inside the window. Always `RESPONSE`, never a message tag: the last tags for alerts were
 * withdrawn on 2026-04-27 and now answer error 100.
 */
export const freeMessage = (psid: string, message: RenderedMessage, key: string): object => ({
  recipient: { id: psid },
  messaging_type: 'RESPONSE',
  message: {
    text: message.text,
    metadata: key,
    ...(message.replies.length === 0
      ? {}
      : {
          quick_replies: message.replies.slice(0, maxQuickReplies).map(({ title, payload }) => ({
            content_type: 'text',
            title: [...title].slice(0, maxTitle).join(''),
            payload,
          })),
        }),
  },
});

/** The template for a message outside the window, in the shape that the Page accepts; undefined where no template fits. */
export function utilityMessage(
  psid: string,
  message: RenderedMessage,
  key: string,
  options: MessengerOptions,
): object | undefined {
  const template = chooseTemplate(message, options.utilityTemplates);
  if (template === undefined) return undefined;
  const head = { recipient: { id: psid }, messaging_type: 'UTILITY' };
  const named = { name: template.name, language: { code: template.languageCode } };
  const values = template.parameters.map((name) => ({
    type: 'text',
    ...(template.format === 'named' ? { parameter_name: name } : {}),
    text: message.template.parameters[name] ?? '',
  }));
  const body = values.length === 0 ? [] : [{ type: 'body', parameters: values }];
  const payloads = message.replies.slice(0, template.buttons).map(({ payload }) => payload);

  if (options.utilityShape === 'c') {
    const buttons = payloads.map((payload, index) => ({
      type: 'button',
      sub_type: 'postback',
      index,
      parameters: [{ type: 'text', text: payload }],
    }));
    const payload = { template_type: 'utility_messages', ...named, components: [...body, ...buttons] };
    return { ...head, message: { attachment: { type: 'template', payload }, metadata: key } };
  }
  const buttons =
    payloads.length === 0
      ? []
      : [{ type: 'buttons', parameters: payloads.map((payload) => ({ type: 'POSTBACK', payload })) }];
  const filled = { ...named, components: [...body, ...buttons] };
  // Shape b has no `message` object, and so no place for the key.
  return options.utilityShape === 'b'
    ? { ...head, template: filled }
    : { ...head, message: { template: filled, metadata: key } };
}

/** Of the templates that the allowed values can fill, the one in the customer's language that tells most. */
function chooseTemplate(message: RenderedMessage, templates: readonly UtilityTemplate[]): UtilityTemplate | undefined {
  const values = message.template.parameters;
  const fitting = templates.filter(
    ({ message: name, parameters, buttons }) =>
      name === message.template.name &&
      buttons <= message.replies.length &&
      // Meta refuses an empty value, so one counts as absent.
      parameters.every((parameter) => Object.hasOwn(values, parameter) && values[parameter] !== ''),
  );
  const languages = [message.language, message.language.split('-')[0], '*'];
  for (const language of languages) {
    const [best] = fitting
      .filter((template) => template.language === language)
      .sort((a, b) => b.parameters.length - a.parameters.length || b.buttons - a.buttons);
    if (best !== undefined) return best;
  }
  return undefined;
}
