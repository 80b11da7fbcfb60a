-- `thresher init` makes data_raw/catalog.sqlite of this.
create table products (product text primary key, category text not null, supplier text);
insert into products values
    ('baking stone', 'tools', 'Hofer Steine'),
    ('bread knife', 'tools', 'Klingen Weber'),
    ('bread pan', 'tools', 'Blech und Form'),
    ('dough scraper', 'tools', 'Blech und Form'),
    ('flour 5 kg', 'ingredients', 'Talmuehle'),
    ('grain mill', 'tools', 'Mahlwerk Conti'),
    ('proofing basket', 'tools', 'Korbmacher Maier'),
    ('rye grain 10 kg', 'ingredients', 'Talmuehle'),
    ('yeast 500 g', 'ingredients', null);
