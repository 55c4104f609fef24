//! Pictures at the size and in the format a page shows them.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageEncoder as _, ImageFormat, Rgb, RgbImage};
use serde_json::json;
use ssg::build::Request;

use super::{NOTES, note, site};
use crate::integration::site_harness::{Site, changed};

/// A picture whose left half is red, and its right half blue.
fn halves(width: u32, height: u32) -> DynamicImage {
    let colour = |x| if x < width / 2 { Rgb([250, 0, 0]) } else { Rgb([0, 0, 250]) };
    DynamicImage::ImageRgb8(RgbImage::from_fn(width, height, |x, _| colour(x)))
}

fn png(image: &DynamicImage) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    image.write_to(&mut out, ImageFormat::Png).unwrap();
    out.into_inner()
}

/// A photograph that the camera was turned for: stored lying, seen upright.
fn turned(image: &DynamicImage) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    let mut encoder = JpegEncoder::new_with_quality(&mut out, 90);
    let exif = [&b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0"[..], &[0; 4]].concat();
    encoder.set_exif_metadata(exif).unwrap();
    image.write_with_encoder(encoder).unwrap();
    out.into_inner()
}

/// A site whose only note shows its cover by this template.
fn album(template: &str, settings: &str) -> Site {
    let site = site(&format!(
        "{settings}{}-- note.html --\n{template}\n",
        NOTES.replace("template", "populate = [\"cover\"]\ntemplate")
    ));
    site.cms.upload_bytes("boat", "/uploads/boat.png", png(&halves(120, 80)));
    site.cms.publish("note", "a", "en", note("A", json!({ "cover": "boat" })));
    site
}

/// The variants there are, by size, with the picture each is.
fn variants(site: &Site) -> Vec<(String, DynamicImage)> {
    let tree = site.tree();
    let files = tree.iter().filter(|(file, _)| file.starts_with("uploads/-/"));
    let found = files.map(|(file, bytes)| {
        let how = file.split('/').nth(2).unwrap().rsplit_once('-').unwrap().0;
        let extension = file.rsplit_once('.').unwrap().1;
        let image = match extension {
            "avif" => DynamicImage::new_rgb8(0, 0),
            _ => image::load_from_memory(bytes).unwrap(),
        };
        (format!("{how}.{extension}"), image)
    });
    found.collect()
}

fn names(site: &Site) -> Vec<String> {
    variants(site).into_iter().map(|(name, _)| name).collect()
}

#[test]
fn images_in_several_widths_and_formats() {
    let mut site = album(
        "{{ picture(file=entry.cover, alt=\"A <boat>\", width=40, sizes=\"50vw\") }}",
        "[images]\nformats = [\"avif\", \"webp\"]\nwidths = [20, 90]\n",
    );
    site.build();
    let page = site.page("a/index.html");
    let hash = page.split("-q60-").nth(1).unwrap().split('/').next().unwrap().to_owned();
    assert_eq!(
        page.replace(&hash, "H"),
        "<picture><source type=\"image/avif\" srcset=\"/uploads/-/20x13-q60-H/boat.png.avif 20w, \
         /uploads/-/40x27-q60-H/boat.png.avif 40w, /uploads/-/80x53-q60-H/boat.png.avif 80w\" sizes=\"50vw\">\
         <source type=\"image/webp\" srcset=\"/uploads/-/20x13-q78-H/boat.png.webp 20w, \
         /uploads/-/40x27-q78-H/boat.png.webp 40w, /uploads/-/80x53-q78-H/boat.png.webp 80w\" sizes=\"50vw\">\
         <img src=\"/uploads/-/40x27-q80-H/boat.png.jpeg\" width=\"40\" height=\"27\" alt=\"A &lt;boat&gt;\" \
         loading=\"lazy\" decoding=\"async\"></picture>"
    );
    assert_eq!(names(&site).len(), 7);
    let (_, webp) = variants(&site).into_iter().find(|(name, _)| name == "80x53-q78.webp").unwrap();
    assert_eq!((webp.width(), webp.height()), (80, 53));
    // A quality of the site's own gives other files.
    site.replace("site.toml", "widths", "webp_quality = 50\nwidths");
    site.build();
    assert!(names(&site).contains(&"80x53-q50.webp".to_owned()));
    assert!(!names(&site).contains(&"80x53-q78.webp".to_owned()));
}

#[test]
fn images_are_cropped_at_the_focal_point() {
    let mut site = album(
        "{{ image(file=entry.cover, width=20, height=20, focal={\"x\": 100, \"y\": 0}, format=\"png\") }}\n\
         {{ image(file=entry.cover, width=20, height=30, format=\"jpeg\", quality=90) }}\n\
         {{ image(file=entry.cover, width=20, height=20, fit=\"contain\", format=\"png\") }}",
        "",
    );
    site.build();
    let found = variants(&site);
    let names: Vec<_> = found.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["20x13-q100.png", "20x20-c100x0-q100.png", "20x30-c50x50-q90.jpeg"]);
    let [red, _, blue] = found[1].1.to_rgb8().get_pixel(8, 10).0;
    assert!(red < 20 && blue > 230, "the right side is shown");
    // What an editor chose holds where a template says nothing.
    site.cms.edit(cms_api::builtin::FILE, "boat", "", "focalPoint", json!({ "x": 10, "y": 50 }));
    site.build();
    assert!(site.page("a/index.html").contains("/20x30-c10x50-q90-"));
}

#[test]
fn photographs_stand_upright_and_keep_their_place() {
    let mut site = album(
        "{{ picture(file=entry.cover, placeholder=true, priority=true, formats=[]) }}",
        "[images]\nwidths = [10, 30]\n",
    );
    // The CMS knows how it is stored, not how it is seen.
    site.cms.upload_bytes("boat", "/uploads/boat.jpg", turned(&halves(80, 40)));
    site.build();
    let page = site.page("a/index.html");
    for part in [
        "width=\"30\" height=\"60\"",
        "loading=\"eager\" fetchpriority=\"high\"",
        "style=\"background:url(data:image/webp;base64,",
        " 10w, ",
    ] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
    let (_, image) = variants(&site).into_iter().find(|(name, _)| name.starts_with("30x")).unwrap();
    let [red, _, blue] = image.to_rgb8().get_pixel(15, 10).0;
    assert!(red > 200 && blue < 60, "the left half, red, is on top");
}

#[test]
fn variants_follow_their_file_and_are_made_only_when_used() {
    let mut site = album("{{ image(file=entry.cover, width=20, format=\"webp\") }}", "");
    site.build();
    let first = site.page("a/index.html");
    assert_eq!(names(&site), ["20x13-q78.webp"]);
    assert!(!site.has("uploads/boat.png"), "the file itself is shown by nobody");
    // Another alternative text is no other picture.
    let boat =
        |site: &Site, field, value| site.cms.edit(cms_api::builtin::FILE, "boat", "", field, value);
    boat(&site, "alternativeText", json!("A boat"));
    assert_eq!(changed(&site.build()), "");
    // Other bytes at the same URL are.
    site.cms.upload_bytes("boat", "/uploads/boat.png", png(&halves(60, 60)));
    let report = site.build();
    let second = site.page("a/index.html");
    assert_ne!(first, second);
    assert_eq!(names(&site), ["20x20-q78.webp"]);
    assert_eq!(report.changes.len(), 3, "{}", changed(&report));
    // What the cache lost is made again.
    std::fs::remove_dir_all(site.paths().cache.join("media")).unwrap();
    site.restart();
    site.build_alone(&Request { clean: true, ..Request::default() }).unwrap();
    site.compare_with_clean_build();
    assert_eq!(names(&site), ["20x20-q78.webp"]);
    site.cms.edit("note", "a", "en", "cover", json!(null));
    site.write("note.html", "x");
    site.build();
    assert_eq!(names(&site), [""; 0]);
}

#[test]
fn what_is_no_picture_is_shown_as_it_is() {
    let mut site = album(
        "{{ picture(file=entry.cover, width=20, class=\"c\") }} {{ image(file=entry.cover, width=20, height=20) }}",
        "",
    );
    site.cms.upload("boat", "/uploads/boat.svg", "<svg/>");
    for (side, length) in [("width", 100), ("height", 50)] {
        site.cms.edit(cms_api::builtin::FILE, "boat", "", side, json!(length));
    }
    site.build();
    assert_eq!(
        site.page("a/index.html"),
        "<img src=\"/uploads/boat.svg\" width=\"20\" height=\"10\" alt=\"\" class=\"c\" loading=\"lazy\" \
         decoding=\"async\"> /uploads/boat.svg"
    );
    assert!(site.has("uploads/boat.svg"));
}

#[test]
fn a_picture_that_cannot_be_fetched_is_tried_again() {
    let mut site = album("{{ image(file=entry.cover, width=20, format=\"webp\") }}", "");
    site.build_alone(&Request::default()).unwrap();
    site.cms.upload_bytes("new", "/uploads/new.png", png(&halves(60, 60)));
    site.cms.edit("note", "a", "en", "cover", json!("new"));
    site.pull();
    site.build_alone(&Request { offline: true, ..Request::default() }).unwrap();
    assert_eq!(site.page("a/index.html"), "/uploads/new.png");
    site.restart();
    site.build();
    assert_eq!(names(&site), ["20x20-q78.webp"]);
}

#[test]
fn wrong_arguments_say_what_is_accepted() {
    for (call, expected) in [
        ("image(file=entry.cover, width=0, format=\"webp\")", "`width` must be from 1 to 8192"),
        ("image(file=entry.cover, width=9, fit=\"fill\")", "`fit` is cover or contain, not `fill`"),
        ("image(file=entry.cover, focal=[1, 2])", "`focal` must be a point such as"),
        ("picture(file=entry.cover, formats=[\"gif\"])", "`formats` are avif, webp, jpeg and png"),
        ("picture(file=entry.title)", "`file=` must be a file of the media library"),
    ] {
        let mut site = album(&format!("{{{{ {call} }}}}"), "");
        let report = site.build_alone(&Request::default()).unwrap();
        let message = &report.failed[0].message;
        assert!(message.contains(expected), "{message}");
    }
    let mut site = album("x", "[images]\nformats = [\"gif\"]\nwidths = [0]\n");
    let report = site.build_alone(&Request::default()).unwrap();
    assert_eq!(report.failed.len(), 2, "{:?}", report.failed);
}
