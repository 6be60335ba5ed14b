/** paleTexts: texts of a page that a theme makes hard to read, axes and plots included. */

// axe-core judges HTML only, and our plots are SVG, whose text has a fill instead of a colour.

/** WCAG 2.1, success criterion 1.4.3, level AA: https://www.w3.org/TR/WCAG21/#contrast-minimum */
const leastContrast = 4.5;

/** `text: ratio` of every visible text of `frame` whose contrast with what is behind it is too small; disabled buttons are exempt. */
export function paleTexts(frame) {
  return frame.evaluate((least) => {
    const parse = (css) => {
      const [r, g, b, alpha = 1] = css.match(/[\d.]+/g).map(Number);
      return { rgb: [r, g, b], alpha };
    };
    const over = ({ rgb, alpha }, ground) => rgb.map((c, i) => c * alpha + ground[i] * (1 - alpha));
    const ancestors = (element) => (element ? [...ancestors(element.parentElement), element] : []);
    const groundOf = (element) =>
      ancestors(element)
        .map((one) => parse(getComputedStyle(one).backgroundColor))
        .reduce((ground, layer) => over(layer, ground), [255, 255, 255]);
    const luminance = (rgb) => {
      const [r, g, b] = rgb
        .map((c) => c / 255)
        .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const contrastOf = (element) => {
      const style = getComputedStyle(element);
      const { rgb, alpha } = parse(element instanceof SVGElement ? style.fill : style.color);
      const opacity = ancestors(element).reduce((all, one) => all * getComputedStyle(one).opacity, alpha);
      const ground = groundOf(element);
      const [a, b] = [luminance(over({ rgb, alpha: opacity }, ground)), luminance(ground)];
      return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    };
    const hasOwnText = (element) =>
      [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim() !== '');
    return [...document.body.querySelectorAll('*')]
      .filter((element) => hasOwnText(element) && !element.matches('script, style, :disabled'))
      .filter((element) => element.checkVisibility())
      .map((element) => ({ text: element.textContent.trim(), contrast: contrastOf(element) }))
      .filter(({ contrast }) => !(contrast >= least))
      .map(({ text, contrast }) => `${text}: ${contrast.toFixed(2)}`);
  }, leastContrast);
}
